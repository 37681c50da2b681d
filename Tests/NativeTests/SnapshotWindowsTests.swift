import Pacing
import Testing
import Transfer

@testable import Snapshots

/// The windows that a chain of incremental exports is made of.
@Suite struct SnapshotWindowsTests {
    private static let start = 1_764_000_000

    private func windows(_ seconds: Int, earliest: Int = start - 1_000) throws -> [Range<Int>] {
        try SnapshotWindows(
            since: Self.start, recoverable: Double(earliest)...Double(Self.start + seconds)
        ).windows
    }

    @Test func `windows follow one another without a hole and are neither too short nor too long`()
        throws
    {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let seconds = Int.random(in: 900...35 * 86_400, using: &generator)
            let windows = try windows(seconds)
            #expect(windows.first?.lowerBound == Self.start)
            #expect(windows.last?.upperBound == Self.start + seconds)
            #expect(zip(windows, windows.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            #expect(windows.allSatisfy { (900...86_400).contains($0.count) })
        }
    }

    @Test func `a day is one window and a second more is two`() throws {
        #expect(try windows(86_400).count == 1)
        #expect(try windows(86_401).count == 2)
    }

    @Test func `what is shorter than a quarter of an hour is refused with the time to wait for`()
        throws
    {
        #expect(try windows(900).count == 1)
        let refusal = try #require(throws: CopyRefusal.self) { try windows(899) }
        #expect(refusal.hint?.contains("2025-11-24T16:15:00Z") == true)
    }

    @Test func `behind a full export one window ends at its time and the next begins there`() throws
    {
        let windows = try SnapshotWindows(
            from: .fullExport(Self.start),
            recoverable: Double(Self.start - 5_000)...Double(Self.start + 90_000)
        ).windows
        #expect(windows[0] == Self.start - 900..<Self.start)
        #expect(windows[1].lowerBound == Self.start)
        #expect(windows.count == 3)
    }

    @Test func `where recovery is younger one window reaches back before the full export`() throws {
        let windows = try SnapshotWindows(
            from: .fullExport(Self.start),
            recoverable: Double(Self.start - 300)...Double(Self.start + 2_000)
        ).windows
        #expect(windows == [Self.start - 120..<Self.start + 2_000])
    }

    @Test func `a time to come is refused and nobody is told to wait for it`() throws {
        let refusal = try #require(throws: CopyRefusal.self) { try windows(-1) }
        #expect(refusal.message.contains("known only up to 2025-11-24T15:59:59Z"))
        #expect(refusal.hint?.contains("earlier") == true)
    }

    @Test func `what is no longer known is refused and a full export is pointed to`() throws {
        let refusal = try #require(throws: CopyRefusal.self) {
            try windows(5_000, earliest: Self.start + 1)
        }
        #expect(refusal.message.contains("2025-11-24T16:00:01Z"))
        #expect(refusal.hint?.contains("--snapshot") == true)
    }
}
