import JSON
import Testing

@testable import LocalAWS

/// The error log of imports, as readers of CloudWatch Logs find it.
@Suite(.timeLimit(.minutes(20))) struct ImportLogTests {
    private static let group: JSON = ["logGroupName": "/aws-dynamodb/imports"]

    private func withErrors(
        _ count: Int, _ body: (_ site: ImportSite, _ arn: String, _ stream: JSON) throws -> Void
    ) throws {
        try ImportSite.with { site in
            let lines = (0..<count).map { #"{"Item":{"n":{"N":"\#($0)"}}}"# + "\n" }.joined()
            try site.put(ImportSite.line("good") + lines, "x.json")
            let arn = try site.begin()
            site.finish()
            let id = try #require(arn.split(separator: "/").last)
            try body(site, arn, .string("\(id)/error"))
        }
    }

    @Test func `each item that failed has an event with its place and the reason`() throws {
        try withErrors(2) { site, arn, stream in
            var request = Self.group
            request["logStreamName"] = stream
            let reply = try site.logs("GetLogEvents", request)
            #expect(reply.headers["content-type"] == "application/x-amz-json-1.1")
            let events = try #require(reply.json?["events"]?.array)
            try #require(
                events.map { $0["timestamp"]?.int } == [1_795_000_004_000, 1_795_000_004_000])
            let messages = try events.map { try JSON(parsing: $0["message"]?.string ?? "") }
            #expect(
                messages[0]
                    == [
                        "itemS3Pointer": ["bucket": "inbox", "key": "x.json", "itemIndex": 1],
                        "importArn": .string(arn),
                        "errorMessages": [ImportSite.missingKey],
                    ])
            #expect(messages[1]["itemS3Pointer"]?["itemIndex"] == 2)
        }
    }

    @Test func `events are read page by page, from either end`() throws {
        try withErrors(5) { site, _, stream in
            func read(_ more: JSON) throws -> (places: [Int?], json: JSON) {
                var request = Self.group
                request["logStreamName"] = stream
                request["limit"] = 2
                for member in more.members ?? [] { request[member.name] = member.value }
                let reply = try site.logs("GetLogEvents", request)
                let json = try #require(reply.json, "\(reply.text)")
                let places = try (json["events"]?.array ?? []).map {
                    try JSON(parsing: $0["message"]?.string ?? "")["itemS3Pointer"]?["itemIndex"]?
                        .int
                }
                return (places, json)
            }
            let last = try read([:])
            #expect(last.places == [4, 5])
            let before = try read(["nextToken": last.json["nextBackwardToken"] ?? .null])
            #expect(before.places == [2, 3])
            var (found, page) = ([Int?](), try read(["startFromHead": true]))
            while !page.places.isEmpty {
                found += page.places
                page = try read(["nextToken": page.json["nextForwardToken"] ?? .null])
            }
            #expect(found == [1, 2, 3, 4, 5])
            let token = page.json["nextForwardToken"] ?? .null
            #expect(try read(["nextToken": token]).json["nextForwardToken"] == token)
            #expect(try read(["endTime": 1]).places.isEmpty)
        }
    }

    @Test func `streams are listed, and those that are not there are refused`() throws {
        try withErrors(1) { site, _, stream in
            let groups = try site.logs("DescribeLogGroups", ["logGroupNamePrefix": "/aws-dyn"])
            #expect(groups.json?["logGroups"]?.array?.count == 1)
            let streams = try site.logs("DescribeLogStreams", Self.group).json?["logStreams"]
            #expect(streams?.array?.map { $0["logStreamName"] } == [stream])
            var request = Self.group
            request["logStreamName"] = "none/error"
            #expect(
                try site.logs("GetLogEvents", request).error == "ResourceNotFoundException")
            #expect(
                try site.logs("DescribeLogStreams", ["logGroupName": "other"]).error
                    == "ResourceNotFoundException")
            #expect(
                try site.logs("GetLogEvents", Self.group).error == "InvalidParameterException")
            #expect(try site.logs("PutLogEvents", [:]).error == "UnknownOperationException")
        }
    }

    @Test func `a server without imports has no log`() throws {
        try ImportSite.with { (site) throws in
            #expect(try site.logs("DescribeLogGroups", [:]).json == ["logGroups": []])
            #expect(
                try site.logs("DescribeLogStreams", Self.group).error
                    == "ResourceNotFoundException")
        }
    }

    @Test func `a server may be made to lack the log, and a user to be kept from it`() throws {
        let configure = { (options: inout ServerOptions) in options.without = ["GetLogEvents"] }
        try ImportSite.with(configure) { (site) throws in
            #expect(try site.logs("GetLogEvents", [:]).error == "UnknownOperationException")
        }
        let key = ServerOptions.Credentials(accessKey: "a", secret: "b")
        #expect(User(name: "x", AccessRule(key, .read)).may(LogsOperation.getLogEvents))
        let denied = User(name: "x", AccessRule(key, .write, except: ["GetLogEvents"]))
        #expect(!denied.may(LogsOperation.getLogEvents))
    }
}
