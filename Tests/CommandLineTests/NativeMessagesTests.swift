import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// Goal: whatever DynamoDB refuses or gives up of exports, imports and bulk puts, whoever reads of
/// it learns what happened and what to do next.
/// Method: as in ``MessagesTests``: the transcript is a file that people read.
@Suite(.timeLimit(.minutes(20))) struct NativeMessagesTests {
    @Test func `each failing command says what happened and what to do`() throws {
        let site = try NativeMessageSite()
        var transcript = ""
        for section in NativeMessages.sections {
            transcript += "# \(section.title)\n\n"
            for line in section.lines {
                let result = try site.run(line)
                let told = site.told(result.err)
                #expect(result.status == section.status, "\(line.words): \(result)")
                #expect(told.first?.hasPrefix("error: ") == true, "\(line.words): \(result.err)")
                #expect(told.contains { $0.hasPrefix("hint: ") }, "\(line.words): \(result.err)")
                for dump in ["(name:", "Optional(", "(message:", "FlowFailure", "CopyRefusal"] {
                    #expect(!result.err.contains(dump), "\(line.words): \(result.err)")
                }
                transcript += line.why.map { "(\($0))\n" } ?? ""
                transcript +=
                    "$ dynaferry \(line.words)\n" + told.joined(separator: "\n") + "\n\n"
            }
        }
        try Snapshot.compare(transcript, "native.txt")
    }

    /// Goal: what an export's failure tells to do works: the same command asks for another.
    @Test func `after an export that DynamoDB gave up, the same command asks for another`() throws {
        let site = try NativeSite()
        try site.load("orders")
        site.server.failExports([ExportFailure(.accessDenied)])
        let line = "copy orders s3://dumps/x/ --snapshot --poll-interval 10ms --progress none"
        let failed = try site.run(line)
        #expect(failed.status == 1 && failed.err.contains("S3AccessDenied"), "\(failed)")
        let again = try site.run(line)
        #expect(again.status == 0, "\(again)")
    }

    /// Goal: the same of loads whose credentials could not read the files.
    @Test(arguments: ["import-table", "bulk-put"])
    func `after a load that DynamoDB gave up, the same command asks for another`(
        way: String
    ) throws {
        let site = try NativeSite {
            $0.requireSignature = NativeSite.owner
            $0.access = [
                AccessRule(
                    ServerOptions.Credentials(accessKey: "NOGET", secret: "secret"), .write,
                    except: ["GetObject"])
            ]
        }
        try site.load("orders")
        let usual = " --poll-interval 10ms --progress none"
        #expect(try site.run("copy orders s3://dumps/x/ --snapshot\(usual)").status == 0)
        let line = "copy s3://dumps/x/ new --load \(way)\(usual)"
        let failed = try site.run(line, target: "NOGET")
        #expect(failed.status == 1 && failed.err.contains("s3:GetObject"), "\(failed)")
        let again = try site.run(line)
        #expect(again.status == 0, "\(again)")
        #expect(site.server.count(of: "new") == 12)
    }
}

/// A command of the transcript.
struct NativeLine: Sendable {
    let words: String
    /// What is the matter, where the command does not show it.
    var why: String?
    /// The key of the source's side, and of the target's.
    var source = "OWNER"
    var target = "OWNER"
    /// What DynamoDB says to an operation instead of what it does: an error, or other members of
    /// its description.
    var tampering: (operation: String, reply: JSON)?
    var exportFailure: ExportFailure.Code?

    init(
        _ words: String, _ why: String? = nil, source: String = "OWNER", target: String = "OWNER",
        tampering: (operation: String, reply: JSON)? = nil,
        exportFailure: ExportFailure.Code? = nil
    ) {
        self.words = words
        self.why = why
        self.source = source
        self.target = target
        self.tampering = tampering
        self.exportFailure = exportFailure
    }
}

/// Tables, an export and users that the commands meet.
final class NativeMessageSite {
    private let site: NativeSite
    /// Of the unguarded server that replies are changed of.
    private let open: NativeSite

    init() throws {
        site = try NativeSite {
            $0.requireSignature = NativeSite.owner
            $0.buckets.append(BucketSetting("scraps"))
            $0.access = Self.users.map { key, denied in
                AccessRule(
                    ServerOptions.Credentials(accessKey: key, secret: "secret"), .write,
                    except: denied)
            }
        }
        open = try NativeSite()
        for site in [site, open] { try Self.prepare(site) }
    }

    /// By key: what each may not do.
    private static let users: [(String, Set<String>)] = [
        ("NOPUT", ["PutObject", "CreateMultipartUpload"]),
        ("NOGET", ["GetObject"]), ("NOEXPORT", ["ExportTableToPointInTime"]),
        ("NOBACKUPS", ["DescribeContinuousBackups"]), ("NOLOOK", ["DescribeExport"]),
        ("NOIMPORT", ["ImportTable"]), ("NOBULK", ["StartBulkPutItems"]),
    ]

    private static func prepare(_ site: NativeSite) throws {
        for table in ["orders", "events"] { try site.load(table) }
        try site.load("plain", isRecoverable: false)
        try site.load("plain-too", isRecoverable: false)
        try site.load("indexed", localIndex: true)
        let usual = " --poll-interval 10ms --progress none"
        for line in [
            "copy orders s3://dumps/x/ --snapshot", "copy indexed s3://dumps/indexed/ --snapshot",
            "copy orders s3://dumps/bad/", "copy orders s3://dumps/more/",
        ] {
            let words = line + (line.contains("snapshot") ? usual : " --progress none")
            let result = try site.run(words)
            guard result.status == 0 else { throw TestFailure("\(line): \(result)") }
        }
        // What can be exported is a day long.
        site.server.advanceClock(by: .seconds(86_400))
        let chain = try site.run(
            "copy orders s3://dumps/chain/ --since $(date -u -d '+1 day -2 hours' +%FT%TZ)" + usual)
        guard chain.status == 0 else { throw TestFailure("\(chain)") }
        let keys = site.server.keys(in: "dumps")
        guard
            let bad = keys.first(where: { $0.hasPrefix("bad/") && $0.contains("/data/") }),
            let more = keys.first(where: { $0.hasPrefix("more/") && $0.contains("/data/") })
        else { throw TestFailure("nothing was exported") }
        try site.server.put(try gzipped(badLines), as: bad, in: "dumps")
        try site.server.put(
            try gzipped(badLines), as: more.replacing("/data/", with: "/data/stray-"), in: "dumps")
        try site.server.put(try gzipped(badLines), as: "loose/lines.json.gz", in: "dumps")
    }

    private static let badLines = """
        {"Item":{"id":{"S":"a"},"at":{"S":"noon"}}}
        {"Item":{"id":{"N":"1"},"at":{"S":"noon"}}}
        {"Item":{"id":{"S":"b"},"at":{"S":"noon"}}}

        """

    private static func gzipped(_ text: String) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try text.write(toFile: folder.path("lines"), atomically: true, encoding: .utf8)
        let result = try Binary.shell("gzip -n '\(folder.path("lines"))'")
        guard result.status == 0 else { throw TestFailure(result.err) }
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("lines.gz"))))
    }

    func run(_ line: NativeLine) throws -> Binary.Result {
        let site = line.tampering == nil ? site : open
        if let code = line.exportFailure { site.server.failExports([ExportFailure(code)]) }
        var words = line.words
        if words.hasPrefix("copy") { words += " --progress none" }
        if !words.contains("--poll-interval") { words += " --poll-interval 10ms" }
        guard let (operation, reply) = line.tampering else {
            return try site.run(
                words, source: line.source, target: line.target,
                setting: "TEN_MINUTES_AGO=$(date -u -d '+1 day -10 minutes' +%FT%TZ);")
        }
        let proxy = try TamperingProxy(before: site.server.endpoint) { exchange in
            guard exchange.operation == operation else { return nil }
            return Self.changed(exchange, reply)
        }
        return try site.run(words, setting: "AWS_ENDPOINT_URL_DYNAMODB=\(proxy.url)")
    }

    /// An error in place of the answer, or other members of what it describes.
    private static func changed(
        _ exchange: TamperingProxy.Exchange, _ reply: JSON
    ) -> TamperingProxy.Exchange {
        guard reply["__type"] == nil else {
            var exchange = exchange.answering(reply)
            exchange.status = 400
            return exchange
        }
        var changed = exchange.reply
        guard let name = changed.members?.first?.name else { return exchange }
        for member in reply.members ?? [] { changed[name]?[member.name] = member.value }
        return exchange.answering(changed)
    }

    /// From the first error on, with words in place of what differs from run to run.
    func told(_ text: String) -> [String] {
        var text = text
        for site in [site, open] {
            text = text.replacing(site.server.endpoint, with: "http://SERVER")
            text = text.replacing(site.folder.path(""), with: "FOLDER/")
        }
        for (pattern, word) in [
            ("http://127\\.0\\.0\\.1:[0-9]+", "http://SERVER"),
            ("\\b([a-z0-9]+(?:-[a-z]+)*)-[0-9a-f]{4}\\b", "$1-JOB"),
            ("[0-9]{14}-[0-9a-f]{8}", "ID"), ("Request ID: [A-Za-z0-9+/=]+", "Request ID: ID"),
            ("bulk-put/[-0-9a-f]+/", "bulk-put/TOKEN/"),
            ("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME"),
        ] {
            text = text.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return text.split(separator: "\n").map(String.init).drop { !$0.hasPrefix("error: ") }
            .map { $0 }
    }
}
