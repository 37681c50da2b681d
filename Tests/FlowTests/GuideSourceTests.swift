import Dispatch
import Foundation
import Pacing
import System
import TestSupport
import Testing

@testable import Flow

/// Goal: the source that the guide shows is a source.
@Suite(.timeLimit(.minutes(20))) struct GuideSourceTests {
    private func outcome(
        _ paths: [String], _ sink: LinesSink, pageBytes: Int = 1 << 20
    ) async -> FlowOutcome {
        let parts = FlowParts(LinesOfFiles(paths, lineBytesMax: 64), to: sink)
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: pageBytes, batchBytes: 1 << 14))
        configuration.itemBytesReported = 12
        return await FlowDriver(
            parts, configuration,
            shared: (SharedLimits(read: nil, write: nil, time: MonotonicTime()), 0),
            on: DispatchQueue(label: "guide.flow"), time: MonotonicTime(), seed: 1
        ).run()
    }

    @Test(arguments: [1 << 20, 1 << 22])
    func `each line of each file arrives`(pageBytes: Int) async throws {
        let folder = try TemporaryFolder()
        var all: Set<String> = []
        let paths = try (0..<3).map { number in
            let lines = (0..<400).map { "file \(number), line \($0)" }
            all.formUnion(lines)
            let path = folder.path("\(number).txt")
            try (lines.joined(separator: "\n") + "\n").write(
                toFile: path, atomically: false, encoding: .utf8)
            return path
        }
        let sink = LinesSink(Chance(seed: 1))
        #expect(await outcome(paths, sink, pageBytes: pageBytes) == .completed)
        #expect(sink.state.withLock { $0.lines } == all)
    }

    @Test func `a file that is not there is named`() async {
        let outcome = await outcome(["/nowhere/lines.txt"], LinesSink(Chance(seed: 1)))
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.message == "/nowhere/lines.txt can't be read")
    }

    /// Goal: the guide shows code that is compiled.
    @Test func `what the guide shows of it stands in it`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        func text(_ path: String) throws -> String {
            try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        }
        func lines(_ text: some StringProtocol) -> String {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                .joined(separator: "\n")
        }
        let source = lines(try text("Tests/FlowTests/GuideSource.swift"))
        let guide = try text("Sources/dynaferry/Documentation.docc/AddingASource.md")
        let shown = guide.components(separatedBy: "```swift\n").dropFirst().map {
            lines($0.components(separatedBy: "\n```")[0])
        }
        #expect(shown.count >= 4)
        for part in shown { #expect(source.contains(part), "\(part)") }
    }
}
