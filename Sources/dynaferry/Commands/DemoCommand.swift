import Arguments
import CommandLine
import Dispatch
import Glibc
import JSON
import Status
import System
import Transfer

/// Runs the main job on a server of its own: fill, copy, compare, report.
///
/// Server and copy are processes of their own, so that the CPU and memory in the report are the
/// copy's alone.
package struct DemoCommand: Sendable {
    /// Compares every item of two tables on one endpoint.
    package typealias Compare =
        (_ endpoint: String, _ source: String, _ target: String) throws -> Comparison

    /// What a comparison of two tables found.
    package struct Comparison: Equatable, Sendable {
        package var itemsCompared: Int
        /// Items missing, left over or changed.
        package var differences: Int

        package init(itemsCompared: Int, differences: Int) {
            self.itemsCompared = itemsCompared
            self.differences = differences
        }
    }

    let arguments: DemoArguments
    let console: Console

    package init(_ arguments: DemoArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    /// Call it before any thread is started, for the signals' sake. One that comes when no copy is
    /// running ends the process at once; the server ends with its stdin.
    package func run(_ control: ProcessControl, compare: Compare) throws -> ExitCode {
        let relay = SignalRelay()
        control.watchSignals(Signals.ending) { number in
            if !relay.pass(number) { control.leave(.interrupted) }
        }
        let environment = Self.environment(OwnProgram.environment)
        console.note("filling \(arguments.fillText) on a server of its own")
        let server = try ChildProcess(
            OwnProgram.path, arguments.serveWords, environment: environment,
            input: .pipe, output: .pipe)
        defer { server.end() }
        let endpoint = try Self.endpoint(of: server)
        let scratch = try ScratchFolder()
        var copied = ExitCode.success
        var output = DemoOutput(isReport: arguments.report == ReportPath.output)
        for words in arguments.copies(endpoint: endpoint) where copied == .success {
            let (end, lines) = try run(
                words + ["--state-dir", scratch.path + "/jobs"], environment, relay)
            guard case .exited(let code) = end else {
                throw CommandFailure("the copy was \(end.text)")
            }
            copied = ExitCode(rawValue: code) ?? .failure
            output.add(lines)
        }
        guard copied == .success || copied == .differs else {
            output.tell(console)
            return copied
        }
        console.note("comparing \(arguments.migration ? "all" : "both") tables, item by item")
        var comparison = Comparison(itemsCompared: 0, differences: 0)
        for (source, target) in arguments.pairs {
            let found = try compare(endpoint, source, target)
            comparison.itemsCompared += found.itemsCompared
            comparison.differences += found.differences
        }
        output.add(comparison)
        output.tell(console)
        return comparison.differences == 0 ? copied : .differs
    }

    /// The first line of the server's output says where it listens.
    private static func endpoint(of server: ChildProcess) throws(CommandFailure) -> String {
        let greeting = "listening on "
        if let line = server.readLine(), line.hasPrefix(greeting) {
            return String(line.dropFirst(greeting.count))
        }
        throw CommandFailure("the server did not start: \(server.end().text)")
    }

    /// - Returns: how the command ended, and the lines that it has shown.
    private func run(
        _ words: [String], _ environment: [String], _ relay: SignalRelay
    ) throws -> (ProcessEnd, lines: [String]) {
        let child = try relay.start {
            try ChildProcess(
                OwnProgram.path, words, environment: environment, output: .pipe)
        }
        var lines: [String] = []
        while let line = child.readLine() { lines.append(line) }
        let end = child.wait()
        relay.finish()
        return (end, lines)
    }

    /// The server takes any credentials: it gets neither the user's own nor proxies.
    static func environment(_ own: [String]) -> [String] {
        let kept = own.filter { variable in
            let name = variable.prefix { $0 != "=" }.uppercased()
            return !name.hasPrefix("AWS_") && !name.hasSuffix("_PROXY")
        }
        return kept + [
            "AWS_ACCESS_KEY_ID=demo", "AWS_SECRET_ACCESS_KEY=demo", "AWS_REGION=us-east-1",
        ]
    }
}

extension DemoArguments {
    fileprivate var fills: [(table: String, items: Int)] {
        migration ? DemoMigration.fills(items: items) : [(Self.source, items)]
    }

    fileprivate var pairs: [(source: String, target: String)] {
        migration ? DemoMigration.pairs : [(Self.source, Self.target)]
    }

    fileprivate var fillText: String {
        let items = fills.lazy.map(\.items).clampedSum.counted("item")
        let tables = migration ? fills.count.counted("table") : Self.source
        return "\(tables) with \(items)"
    }

    /// The command line of the server.
    var serveWords: [String] {
        var words = ["serve", "--port", "0", "--exit-with-stdin", "--seed", "\(seed)"]
        for (table, items) in fills { words += ["--fill", "\(table)=\(items)"] }
        if let faults { words += ["--faults", faults.text] }
        if viaFiles || viaS3 { words += ["--bucket", Self.bucket] }
        if viaS3 { words.append("--recovery") }
        return words
    }

    private static let bucket = "acme-dumps"
    /// Into files a table is read at half of what it takes, for its users' sake: this one has none.
    private static let unitsWithoutUsers = "1000000000"

    /// The command line of the copy, or those of both.
    func copies(endpoint: String) -> [[String]] {
        let (from, to) =
            migration
            ? (DemoMigration.source, DemoMigration.target) : (Self.source, Self.target)
        let excluded =
            migration ? DemoMigration.excluded.flatMap { ["--exclude", $0] } : []
        if viaS3 {
            // The server is done in a moment, and does not mind being asked.
            let via = ["--via", "s3://\(Self.bucket)/demo/", "--poll-interval", "200ms"]
            return [
                ["copy", from, to] + excluded + via
                    + words(endpoint, reads: false, writes: true) + reportWords
            ]
        }
        guard viaFiles else {
            return [
                ["copy", from, to] + excluded + words(endpoint, reads: true, writes: true)
                    + reportWords
            ]
        }
        let files = "s3://\(Self.bucket)/demo/"
        let reading = readUnits == nil ? ["--read-units", Self.unitsWithoutUsers] : []
        return [
            ["copy", from, files] + excluded + words(endpoint, reads: true, writes: false)
                + reading,
            ["copy", migration ? files + from : files, to]
                + words(endpoint, reads: false, writes: true) + reportWords,
        ]
    }

    private var reportWords: [String] { report.map { ["--report", $0] } ?? [] }

    /// Without its parent a copy soon finds the server gone, so it does not wait for it as long as
    /// it would for AWS.
    private func words(_ endpoint: String, reads: Bool, writes: Bool) -> [String] {
        var words = ["--endpoint", endpoint, "--progress", progress.rawValue]
        words += ["--color", colour.rawValue, "--give-up-after", "1m", "--no-next-steps"]
        if let memory { words += ["--memory", "\(memory)"] }
        let units = ValueKind<RateSpec>.units
        if reads, let readUnits { words += ["--read-units", units.show(readUnits)] }
        if writes, let writeUnits { words += ["--write-units", units.show(writeUnits)] }
        return words
    }
}

extension ProcessEnd {
    var text: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "killed by signal \(signal)"
        }
    }
}

/// Hands signals on to the child that is running, if any.
private final class SignalRelay: @unchecked Sendable {
    // @unchecked: `child` is touched only on `queue`.
    private let queue = DispatchQueue(label: "signal.relay")
    private var child: ChildProcess?

    /// A signal that comes while the child is being started waits for it.
    func start(_ body: () throws -> ChildProcess) rethrows -> ChildProcess {
        try queue.sync {
            let started = try body()
            child = started
            return started
        }
    }

    func finish() { queue.sync { child = nil } }

    /// False when there was no one to hand it to.
    func pass(_ signal: Int32) -> Bool {
        queue.sync {
            child?.signal(signal)
            return child != nil
        }
    }
}
