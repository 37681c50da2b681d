import Flow
import Status
import System
import Testing
import Transfer

@testable import CommandLine
@testable import dynaferry

/// Goal: what is seen while a job runs says how it stands, in any window.
/// Method: states that a job is in, drawn for wide and narrow terminals, in files that people read.
@Suite struct ProgressBlockTests {
    /// 18:30:00 in the block's clock.
    private static let now = 1_795_977_000.0

    private static let block = ProgressBlock(
        speaksUnicode: true, clock: { CivilTime(utc: $0) })

    private static func running() -> JobStatus {
        var status = ProgressTests.status()
        status.id = "acme-staging-transactions-1c4e"
        status.tables[0].progress.hold = nil
        status.tables[0].progress.counters.writesThrottled = 0
        status.elapsed = .seconds(130)
        return status
    }

    private static func throttled() -> JobStatus {
        var status = running()
        status.tables[0].progress.counters.writesThrottled = 7
        status.tables[0].progress.counters.deadLetters = 2
        status.tables[0].progress.hold = .targetThrottled
        return status
    }

    private static func paused() -> JobStatus {
        var status = running()
        status.isPaused = true
        status.tables[0].progress.hold = .paused
        return status
    }

    private static func finishing() -> JobStatus {
        var status = running()
        status.tables[0].progress.rest()
        return status
    }

    private static func done() -> JobStatus {
        var status = running()
        status.tables[0].end(.completed)
        status.tables[0].progress.counters.itemsWritten = 380_218
        return status
    }

    private static func manyTables() -> JobStatus {
        let template = running()
        let tables = (1...15).map { number in
            var table = template.tables[0]
            (table.source, table.target) = ("acme-staging-\(number)", "acme-\(number)-dev")
            switch number {
            case 1...2: table.end(.completed)
            case 3:
                table.end(
                    .failed(
                        FlowFailure(
                            .giveUp, code: "AccessDeniedException", message: "not yours",
                            hint: nil)))
            case 4: table.progress.hold = .targetThrottled
            case 5...13: table.progress.counters.segmentsFinished = number
            default: (table.stage, table.progress) = (.waiting, FlowProgress())
            }
            return table
        }
        var status = JobStatus(.copy, tables, elapsed: .seconds(4_000))
        status.id = "acme-staging-1c4e"
        return status
    }

    private static func states() -> [(name: String, ProgressSnapshot, ProgressRates)] {
        var still = ProgressRates()
        (still.items, still.bytes, still.readUnits, still.writeUnits) = (0, 0, 0, 0)
        let (verifying, verified) = ProgressTests.verifying()
        let going = ProgressTests.rates()
        return [
            ("running", ProgressTests.snapshot(running()), going),
            ("throttled", ProgressTests.snapshot(throttled()), going),
            ("paused", ProgressTests.snapshot(paused()), still),
            ("finishing", ProgressTests.snapshot(finishing()), still),
            ("verifying", verifying, verified),
            ("many tables", ProgressTests.snapshot(manyTables()), going),
            ("done", ProgressTests.snapshot(done()), still),
        ]
    }

    @Test(arguments: [100, 40, 15])
    func `the block says how the job stands, as agreed`(columns: Int) throws {
        let texts = Self.states().map { name, snapshot, rates in
            let lines = Self.block.lines(snapshot, rates, columns: columns, at: Self.now)
            return (["# \(name)"] + lines.map(\.marked)).joined(separator: "\n") + "\n"
        }
        try Snapshot.compare(texts.joined(separator: "\n"), "progress-\(columns).txt")
    }

    @Test func `no line is as wide as the terminal, whatever its width and the names`() {
        for (name, snapshot, rates) in Self.states() {
            for source in ["orders", String(repeating: "s", count: 255), "表の表/зеркало"] {
                var snapshot = snapshot
                snapshot.source = source
                for speaksUnicode in [true, false] {
                    for columns in 2...140 {
                        let block = ProgressBlock(
                            speaksUnicode: speaksUnicode, clock: { CivilTime(utc: $0) })
                        for line in block.lines(snapshot, rates, columns: columns, at: Self.now) {
                            #expect(
                                line.columns < columns, "\(name), \(columns): \(line.text)")
                            #expect(
                                speaksUnicode || source.first == "表"
                                    || line.text.allSatisfy(\.isASCII), "\(line.text)")
                        }
                    }
                }
            }
        }
    }

    @Test func `an end on another day is told with its day`() {
        var rates = ProgressTests.rates()
        rates.remaining = .seconds(86_400)
        let lines = Self.block.lines(
            ProgressTests.snapshot(Self.running()), rates, columns: 100, at: Self.now)
        #expect(
            lines.contains { $0.text.hasSuffix("about 24 h left   ends about 2026-11-30 18:30") },
            "\(lines.map(\.text))")
    }

    @Test func `colours say what is done, what waits and what failed`() throws {
        let line =
            StyledText("1 done", .good) + StyledText(" 2 wait ", .waiting)
            + StyledText("3 failed", .bad)
        #expect(line.rendered(inColour: false) == "1 done 2 wait 3 failed")
        #expect(
            line.rendered(inColour: true)
                == "\u{1B}[32m1 done\u{1B}[0m\u{1B}[33m 2 wait \u{1B}[0m\u{1B}[31m3 failed\u{1B}[0m"
        )
    }
}

/// Goal: what is cut and folded for a terminal fits, whatever characters it is made of.
@Suite struct StyledTextTests {
    @Test(arguments: [
        ("abc", 3), ("", 0), ("表", 2), ("é", 1), ("e\u{301}", 1), ("ｱ", 1), ("Ａ", 2), ("한글", 4),
        ("🚚", 2), ("█░…→", 4), ("a\u{200B}b", 2),
    ])
    func `characters take the columns that terminals give them`(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    @Test func `a line is cut between characters, and keeps its colours`() {
        let line = StyledText("ab", .good) + StyledText("表表", .bad)
        #expect(line.cut(toColumns: 6, mark: "…") == line)
        #expect(line.cut(toColumns: 5, mark: "…").marked == "<good ab><bad 表…>")
        #expect(line.cut(toColumns: 4, mark: "…").marked == "<good ab><bad …>")
        #expect(line.cut(toColumns: 1, mark: "...").text == "a")
        #expect("abcdef".cut(toColumns: 4, mark: "...") == "a...")
    }

    @Test func `facts that do not fit stand on the next line`() {
        let facts: [StyledText] = ["one", "", "two", "three is long"]
        func lines(_ columns: Int) -> [String] {
            StyledText.folded(facts, toColumns: columns, mark: "…").map(\.text)
        }
        #expect(lines(80) == ["one   two   three is long"])
        #expect(lines(13) == ["one   two", "three is long"])
        #expect(lines(5) == ["one", "two", "thre…"])
    }

    @Test func `what a terminal would obey is not shown to it`() {
        #expect(StyledText("a\u{1B}[31mb\nc").text == "a?[31mb c")
    }

    @Test func `a sparkline is as high as the rate was, and blank before there was one`() {
        let drawing = Drawing(speaksUnicode: true)
        #expect(drawing.sparkline([nil, 0, 50, 100]) == " ▁▅█")
        #expect(drawing.sparkline([0, 0]) == "▁▁")
        #expect(Drawing(speaksUnicode: false).sparkline([nil, 0, 100]) == " _#")
    }
}

extension StyledText {
    /// With what each piece means, for people who read a snapshot.
    var marked: String {
        pieces.map { $0.meaning == .plain ? $0.text : "<\($0.meaning.rawValue) \($0.text)>" }
            .joined()
    }
}
