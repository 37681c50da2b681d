import System
import Testing

@testable import Connectors

/// Goal: exports of one table come one after the other in time, nothing between them is missed, and
/// nothing is read that was there before.
@Suite struct ExportChainTests {
    private static let start = 1_768_000_000.0

    private static func time(_ minutes: Double) -> Double { start + minutes * 60 }

    private static func full(_ minutes: Double?, table: String? = "t") -> ExportChain.Link {
        .init("full", .full(at: minutes.map(time)), tableID: table)
    }

    private static func window(
        _ from: Double, _ to: Double, table: String? = "t"
    ) -> ExportChain.Link {
        .init(
            "window \(from)-\(to)", .window(ExportWindow(from: time(from), to: time(to))),
            tableID: table)
    }

    private static func numbers(
        _ full: ExportChain.Link?, _ windows: [ExportChain.Link],
        applied: (until: Double, job: String)? = nil
    ) throws -> [Int] {
        try ExportChain(full: full, windows: windows, applied: applied).steps.map(\.number)
    }

    private static func refusal(
        _ full: ExportChain.Link?, _ windows: [ExportChain.Link],
        applied: (until: Double, job: String)? = nil
    ) -> String {
        do {
            _ = try ExportChain(full: full, windows: windows, applied: applied)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test func `windows come in the order of their ends, whatever order they are found in`() throws
    {
        let windows = [Self.window(60, 90), Self.window(-5, 30), Self.window(30, 60)]
        let chain = try ExportChain(full: Self.full(0), windows: windows)
        #expect(chain.steps.map(\.number) == [1, 2, 0])
        #expect(chain.steps.map(\.joinsExactly) == [false, true, true])
        #expect(chain.leftOut == 0)
    }

    @Test func `windows that overlap are both applied, and one within another is not`() throws {
        let windows = [Self.window(-5, 30), Self.window(20, 60), Self.window(40, 60)]
        let chain = try ExportChain(full: Self.full(0), windows: windows)
        #expect(chain.steps.map(\.number) == [0, 1])
        #expect(chain.steps[1].joinsExactly == false)
        #expect(chain.leftOut == 1)
    }

    @Test func `where windows overlap, each knows from when on a later one tells`() throws {
        let windows = [
            Self.window(-20, 0), Self.window(0, 30), Self.window(20, 40), Self.window(40, 60),
        ]
        let chain = try ExportChain(full: Self.full(0), windows: windows)
        #expect(chain.steps.map(\.cutoff) == [nil, Self.time(20), nil, nil])
        #expect(chain.warning == nil)
    }

    @Test func `windows that end before the full export are left out`() throws {
        let windows = [Self.window(-60, -30), Self.window(-30, 0), Self.window(-5, 20)]
        let chain = try ExportChain(full: Self.full(0), windows: windows)
        #expect(chain.steps.map(\.number) == [2])
        #expect(chain.leftOut == 2)
        #expect(try Self.numbers(Self.full(0), [Self.window(-60, 0)]) == [])
    }

    @Test func `a window that ends just before the full export is read if others begin at it`()
        throws
    {
        let windows = [Self.window(-30, 0), Self.window(0, 20)]
        let chain = try ExportChain(full: Self.full(0), windows: windows)
        #expect(chain.steps.map(\.number) == [0, 1])
        #expect(chain.warning == nil)
    }

    @Test func `a first window that begins at the full export is applied with a warning`() throws {
        let chain = try ExportChain(full: Self.full(0), windows: [Self.window(0, 20)])
        #expect(chain.steps.count == 1)
        #expect(chain.warning?.contains("two minutes before") == true)
        let earlier = try ExportChain(full: Self.full(0), windows: [Self.window(-2, 20)])
        // What lived for a short time only has no line, and the full export may have it.
        #expect(earlier.warning?.contains("may stay") == true)
    }

    @Test func `a hole is refused, with both of its ends`() {
        let behind = Self.refusal(Self.full(0), [Self.window(10, 30)])
        #expect(behind.contains(ExportChain.words(Self.time(0))), "\(behind)")
        #expect(behind.contains(ExportChain.words(Self.time(10))), "\(behind)")
        let between = Self.refusal(Self.full(0), [Self.window(-5, 20), Self.window(30, 50)])
        #expect(between.contains(ExportChain.words(Self.time(20))), "\(between)")
        #expect(between.contains(ExportChain.words(Self.time(30))), "\(between)")
    }

    @Test func `windows of a table that was made again are refused`() {
        let other = Self.refusal(Self.full(0), [Self.window(-5, 20, table: "u")])
        #expect(other.contains("made again"))
        let old = Self.refusal(Self.full(0), [Self.window(-50, -20, table: "u")])
        #expect(old == "none", "what is not read need not be of the table")
    }

    @Test func `a full export that does not say when it is of has no windows`() {
        #expect(Self.refusal(Self.full(nil), [Self.window(0, 20)]).contains("does not say"))
    }

    @Test func `windows alone go on from what a job has applied`() throws {
        let windows = [Self.window(0, 20), Self.window(20, 40), Self.window(40, 60)]
        #expect(try Self.numbers(nil, windows) == [0, 1, 2])
        let applied = (until: Self.time(40), job: "j")
        #expect(try Self.numbers(nil, windows, applied: applied) == [2])
        let late = Self.refusal(nil, [windows[0]], applied: applied)
        #expect(late.contains("job j has already applied"), "\(late)")
        let hole = Self.refusal(nil, [Self.window(50, 60)], applied: applied)
        #expect(hole.contains("hole") && hole.contains("job j"), "\(hole)")
    }
}
