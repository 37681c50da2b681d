import Arguments
import CommandLine
import Dispatch
import Glibc

/// The embedded server as the console sees it.
package protocol RunningServer: Sendable {
    /// `http://127.0.0.1:8000`, with the port that it really has.
    var url: String { get }
    /// What its user must know when others than this machine can reach it; nil when none can.
    var exposureWarning: String? { get }
    /// Closes the listening socket and all connections.
    func stop()
}

/// Runs the embedded server until it is asked to end.
package struct ServeCommand: Sendable {
    package typealias Start = (ServeArguments) throws -> any RunningServer

    let arguments: ServeArguments
    let console: Console

    package init(_ arguments: ServeArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Call it before any thread is started, for the signals' sake. One that comes while tables are
    /// still being filled ends the process at once.
    package func run(_ control: ProcessControl, start: Start) throws -> ExitCode {
        let end = DispatchSemaphore(value: 0)
        let listening = Flag()
        control.watchSignals(Signals.ending) { _ in
            guard listening.isSet else { control.leave(.interrupted) }
            end.signal()
        }
        if arguments.exitsWithInput { Self.watchInput { control.leave(.success) } }
        let server = try start(arguments)
        listening.set()
        if let warning = server.exposureWarning { console.warn(warning) }
        // At once: who reads the first line alone may be gone before the second.
        console.show(
            "listening on \(server.url)\nfor S3, set AWS_ENDPOINT_URL_S3=\(server.url)")
        end.wait()
        server.stop()
        return .success
    }

    /// Calls `ended` when stdin ends, which it does when the process at its other end is gone.
    private static func watchInput(_ ended: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "serve.input").async {
            var buffer = [UInt8](repeating: 0, count: 256)
            while true {
                let count = read(0, &buffer, buffer.count)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            ended()
        }
    }
}
