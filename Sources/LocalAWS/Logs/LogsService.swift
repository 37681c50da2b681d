import HTTPServer
import JSON
import Pacing
import System

/// CloudWatch Logs, as far as it takes to read what imports wrote there (CloudWatch Logs API
/// reference). May be used from any thread.
struct LogsService: Sendable {
    static let contentType = "application/x-amz-json-1.1"

    let imports: ImportJobs
    /// As ARNs begin in the server's account: `arn:aws:logs:us-east-1:000000000000:`.
    let arnPrefix: String

    func perform(
        _ operation: LogsOperation, _ request: Parameters
    ) throws(ServiceError) -> JSON {
        switch operation {
        case .describeLogGroups: try describeGroups(request)
        case .describeLogStreams: try describeStreams(request)
        case .getLogEvents: try getEvents(request)
        }
    }

    private var groupARN: String { "\(arnPrefix)log-group:\(ImportLog.group)" }

    /// The group is there as soon as an import was started.
    private var hasGroup: Bool { imports.count > 0 }

    private func describeGroups(_ request: Parameters) throws(ServiceError) -> JSON {
        let prefix = try request.string("logGroupNamePrefix") ?? ""
        guard hasGroup, ImportLog.group.hasPrefix(prefix) else { return ["logGroups": []] }
        return [
            "logGroups": [
                [
                    "logGroupName": .string(ImportLog.group), "arn": .string("\(groupARN):*"),
                    "logGroupArn": .string(groupARN),
                ]
            ]
        ]
    }

    /// Checks which group a request names, by its name or its ARN.
    private func checkGroup(_ request: Parameters) throws(ServiceError) {
        let identifier = try request.string("logGroupIdentifier")
        guard let name = try request.string("logGroupName") ?? identifier else {
            throw .logs(
                "InvalidParameterException", "Either logGroupName or logGroupIdentifier is required"
            )
        }
        guard hasGroup, [ImportLog.group, groupARN].contains(name) else {
            throw .logs("ResourceNotFoundException", "The specified log group does not exist.")
        }
    }

    private static let streamsMax = 50

    /// Streams in the order of their names, which is that of time.
    private func describeStreams(_ request: Parameters) throws(ServiceError) -> JSON {
        try checkGroup(request)
        let prefix = try request.string("logStreamNamePrefix") ?? ""
        let limit =
            try request.int("limit", from: 1, to: Self.streamsMax) ?? Self.streamsMax
        var streams = imports.logged.map { (name: $0.logStream, events: $0.logEvents) }
            .filter { $0.name.hasPrefix(prefix) }.sorted { $0.name < $1.name }
        if try request.bool("descending") ?? false { streams.reverse() }
        if let token = try request.string("nextToken") {
            guard let last = streams.firstIndex(where: { $0.name == token }) else {
                throw .logs("InvalidParameterException", "The specified nextToken is invalid.")
            }
            streams.removeFirst(last + 1)
        }
        let page = streams.prefix(limit)
        var reply: JSON = [
            "logStreams": .array(page.map { describe($0.name, $0.events) })
        ]
        if page.count < streams.count, let last = page.last {
            reply["nextToken"] = .string(last.name)
        }
        return reply
    }

    private func describe(_ name: String, _ events: [LogEvent]) -> JSON {
        let (first, last) = (events.first?.milliseconds ?? 0, events.last?.milliseconds ?? 0)
        return [
            "logStreamName": .string(name), "creationTime": JSON(first),
            "firstEventTimestamp": JSON(first), "lastEventTimestamp": JSON(last),
            "lastIngestionTime": JSON(last),
            "arn": .string("\(groupARN):log-stream:\(name)"), "storedBytes": 0,
        ]
    }

    /// Events of a page (API reference, GetLogEvents).
    private static let eventsMax = 10_000

    private func getEvents(_ request: Parameters) throws(ServiceError) -> JSON {
        try checkGroup(request)
        guard let name = try request.string("logStreamName") else {
            throw .logs("InvalidParameterException", "logStreamName is required")
        }
        guard let job = imports.logged.first(where: { $0.logStream == name }) else {
            throw .logs("ResourceNotFoundException", "The specified log stream does not exist.")
        }
        let (from, to) = (try request.int("startTime") ?? 0, try request.int("endTime") ?? .max)
        let events = job.logEvents.filter { $0.milliseconds >= from && $0.milliseconds < to }
        let limit =
            try request.int("limit", from: 1, to: Self.eventsMax) ?? Self.eventsMax
        var window = LogWindow(count: events.count, limit: limit)
        if let token = try request.string("nextToken") {
            guard window.turn(to: token) else {
                throw .logs("InvalidParameterException", "The specified nextToken is invalid.")
            }
        } else if try request.bool("startFromHead") ?? false {
            window.begin()
        }
        return [
            "events": .array(
                events[window.places].map {
                    [
                        "timestamp": JSON($0.milliseconds), "message": .string($0.message),
                        "ingestionTime": JSON($0.milliseconds),
                    ]
                }),
            "nextForwardToken": .string(window.forwardToken),
            "nextBackwardToken": .string(window.backwardToken),
        ]
    }
}

/// Which events of a stream are on a page: the last ones at first. A token leads to the page before
/// or behind; at either end it leads to itself.
struct LogWindow {
    private let count: Int
    private let limit: Int
    private(set) var places: Range<Int>

    init(count: Int, limit: Int) {
        self.count = count
        self.limit = limit
        places = max(0, count - limit)..<count
    }

    /// To the first page.
    mutating func begin() { places = 0..<min(limit, count) }

    var forwardToken: String { "f/\(Self.digits(places.upperBound))/s" }
    var backwardToken: String { "b/\(Self.digits(places.lowerBound))/s" }

    private static func digits(_ place: Int) -> String {
        let text = String(place)
        return String(repeating: "0", count: 56 - text.count) + text
    }

    /// Returns whether it is a token of such a stream.
    mutating func turn(to token: String) -> Bool {
        let parts = token.split(separator: "/")
        guard parts.count == 3, parts[2] == "s",
            let place = CheckedNumber.int(parts[1], in: 0...count)
        else { return false }
        switch parts[0] {
        case "f": places = place..<min(count, place + limit)
        case "b": places = max(0, place - limit)..<place
        default: return false
        }
        return true
    }
}

extension ServiceError {
    static func logs(_ name: String, _ message: String) -> ServiceError {
        ServiceError(namespace: .logs, name: name, message: message)
    }
}
