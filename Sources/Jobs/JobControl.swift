import Dispatch
import Flow
import Glibc
import JSON
import Status

/// What another process may ask of a running job.
package enum JobCommand: Equatable, Sendable {
    /// Hold it once what is in flight has come home.
    case pause
    case resume
    /// End it in order, as SIGINT does.
    case stop
    case throttle(RequestedLimits)

    var json: JSON {
        switch self {
        case .pause: ["command": "pause"]
        case .resume: ["command": "resume"]
        case .stop: ["command": "stop"]
        case .throttle(let throttle): ["command": "throttle", "throttle": throttle.json]
        }
    }

    init?(json: JSON) {
        switch json["command"]?.string {
        case "pause": self = .pause
        case "resume": self = .resume
        case "stop": self = .stop
        case "throttle": self = .throttle(RequestedLimits(json: json["throttle"] ?? [:]))
        default: return nil
        }
    }
}

/// Takes what other processes of the same user ask of a job that this one runs.
package final class JobControl: @unchecked Sendable {
    // @unchecked: `source` is touched by `init` and `stop` only, which one thread calls in turn.
    private let queue = DispatchQueue(label: "job.control")
    private let path: String
    private var source: (any DispatchSourceRead)?

    /// So long, in seconds, a client that connects and sends nothing may delay the others.
    private static let patience = 2

    /// - Parameter perform: called for one command at a time; an error's words go back to whoever
    ///   asked.
    package init(
        _ path: String, perform: @escaping @Sendable (JobCommand) throws(JobError) -> Void
    ) throws(JobError) {
        self.path = path
        let descriptor = try JobSocket.listen(at: path)
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler {
            guard let connection = JobSocket.accept(on: descriptor) else { return }
            Self.answer(connection, perform)
            close(connection)
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
        self.source = source
    }

    package func stop() {
        guard let source else { return }
        self.source = nil
        source.cancel()
        unlink(path)
    }

    private static func answer(
        _ connection: Int32, _ perform: (JobCommand) throws(JobError) -> Void
    ) {
        JobSocket.setTimeout(seconds: patience, on: connection)
        guard let line = JobSocket.readLine(from: connection) else { return }
        var reply: JSON = ["ok": true]
        do throws(JobError) {
            guard let json = try? JSON(parsing: line), let command = JobCommand(json: json) else {
                throw JobError(
                    "the job's process does not know this command",
                    hint: "use the dynaferry that it was started with")
            }
            try perform(command)
        } catch {
            reply = ["ok": false, "error": .string(error.message)]
            reply["hint"] = error.hint.map { .string($0) }
        }
        JobSocket.write(reply.bytes, to: connection)
    }
}

extension JobFolder {
    /// How long a job's process may take to do what it is asked, in seconds.
    private static let answerWithin = 10

    /// Has the process that runs the job perform `command`; returns when it has.
    /// - Throws: ``JobError``; also when no process runs it.
    package func send(_ command: JobCommand, to id: String) throws(JobError) {
        let connection = try JobSocket.connect(to: socketPath(id))
        defer { close(connection) }
        JobSocket.setTimeout(seconds: Self.answerWithin, on: connection)
        JobSocket.write(command.json.bytes, to: connection)
        guard let line = JobSocket.readLine(from: connection), let reply = try? JSON(parsing: line)
        else { throw JobError("the process that runs job \(id) does not answer") }
        guard reply["ok"]?.bool == true else {
            throw JobError(
                reply["error"]?.string ?? "job \(id) refused", hint: reply["hint"]?.string)
        }
    }
}
