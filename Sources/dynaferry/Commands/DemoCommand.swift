import CommandLine
import Dispatch
import Glibc
import JSON
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
        let report = try arguments.report.map { path throws(CommandFailure) in
            try OutputFile(path)
        }
        let relay = SignalRelay()
        control.watchSignals { number in
            if !relay.pass(number) { control.leave(.interrupted) }
        }
        let environment = try Self.environment(ChildProcess.ownEnvironment())
        console.note("filling \(arguments.fillText) on a server of its own")
        let server = try ChildProcess(
            ChildProcess.ownPath, arguments.serveWords, environment: environment,
            input: .pipe, output: .pipe)
        defer { server.end() }
        let endpoint = try Self.endpoint(of: server)
        let (end, summary) = try copy(endpoint, environment, relay)
        if case .killed = end { throw CommandFailure("the copy was \(end.text)") }
        guard let summary else { return Self.exitCode(end) }
        try report?.write(summary.json.prettyText)
        guard summary.outcome == .complete || summary.outcome == .deadLetters else {
            console.show(summary.lines.joined(separator: "\n"))
            return Self.exitCode(end)
        }
        console.note("comparing \(arguments.migration ? "all" : "both") tables, item by item")
        var comparison = Comparison(itemsCompared: 0, differences: 0)
        for (source, target) in arguments.pairs {
            let found = try compare(endpoint, source, target)
            comparison.itemsCompared += found.itemsCompared
            comparison.differences += found.differences
        }
        console.show((summary.lines + [Self.line(comparison)]).joined(separator: "\n"))
        return comparison.differences == 0 ? Self.exitCode(end) : .differs
    }

    private static func line(_ comparison: Comparison) -> String {
        let differences = comparison.differences
        let found = differences == 0 ? "no difference" : "\(differences.grouped) differences"
        return "  compared      \(comparison.itemsCompared.grouped) items: \(found)"
    }

    /// The first line of the server's output says where it listens.
    private static func endpoint(of server: ChildProcess) throws(CommandFailure) -> String {
        let greeting = "listening on "
        if let line = server.readLine(), line.hasPrefix(greeting) {
            return String(line.dropFirst(greeting.count))
        }
        throw CommandFailure("the server did not start: \(server.end().text)")
    }

    /// Its summary is nil when it ended before there was one; it has said why on stderr.
    private func copy(
        _ endpoint: String, _ environment: [String], _ relay: SignalRelay
    ) throws -> (ProcessEnd, CopySummary?) {
        let scratch = try ScratchFolder()
        let report = scratch.path + "/report.json"
        let words =
            arguments.copyWords(endpoint: endpoint, report: report)
            + ["--state-dir", scratch.path + "/jobs"]
        let child = try relay.start {
            try ChildProcess(
                ChildProcess.ownPath, words, environment: environment, output: .null)
        }
        let end = child.wait()
        relay.finish()
        // One that was refused has left no report.
        guard access(report, F_OK) == 0 else { return (end, nil) }
        let bytes = try WholeFile.bytes(ofFileAt: report, bytesMax: Self.reportBytesMax)
        guard !bytes.isEmpty else { return (end, nil) }
        return (end, try CopySummary(json: JSON(parsing: bytes)))
    }

    private static let reportBytesMax = 64 << 20

    private static func exitCode(_ end: ProcessEnd) -> ExitCode {
        guard case .exited(let code) = end else { return .failure }
        return ExitCode(rawValue: code) ?? .failure
    }

    /// The server takes any credentials; those of the user, and proxies, are none of its business.
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
        let items = fills.lazy.map(\.items).clampedSum.grouped
        return migration
            ? "\(fills.count) tables with \(items) items" : "\(Self.source) with \(items) items"
    }

    /// The command line of the server.
    var serveWords: [String] {
        var words = ["serve", "--port", "0", "--exit-with-stdin", "--seed", "\(seed)"]
        for (table, items) in fills { words += ["--fill", "\(table)=\(items)"] }
        if let faults { words += ["--faults", faults.text] }
        return words
    }

    /// The command line of the copy. Without its parent it soon finds the server gone, so it does
    /// not wait for it as long as it would for AWS.
    func copyWords(endpoint: String, report: String) -> [String] {
        var words = ["copy"]
        if migration {
            words += [DemoMigration.source, DemoMigration.target]
            words += DemoMigration.excluded.flatMap { ["--exclude", $0] }
        } else {
            words += [Self.source, Self.target]
        }
        words += ["--endpoint", endpoint]
        words += ["--memory", "\(memory)", "--progress", progress.rawValue]
        words += ["--give-up-after", "1m", "--report", report]
        let units = ValueKind<UnitLimit>.units
        if let readUnits { words += ["--read-units", units.show(readUnits)] }
        if let writeUnits { words += ["--write-units", units.show(writeUnits)] }
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
