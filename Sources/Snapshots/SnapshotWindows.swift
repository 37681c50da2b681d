import DynamoDB
import System
import Transfer

/// The windows of incremental exports that follow one another without a hole. Times are whole
/// seconds since 1970; a window has its start and not its end. (Guide, "DynamoDB data export to
/// Amazon S3": from 15 minutes to 24 hours each.)
package struct SnapshotWindows: Equatable, Sendable {
    package let windows: [Range<Int>]

    static let secondsMin = 15 * 60
    static let secondsMax = 24 * 3_600
    /// Where a chain begins.
    package enum Start: Equatable, Sendable {
        case time(Int)
        /// Behind a full export, by its time. That is honoured to about a minute, and the export is
        /// not transactionally consistent (guide, "How it works"): what follows must reach back
        /// before it. And an item that was inserted before it and deleted after it has no line in a
        /// window that spans both: one window ends at its time, and the next begins there.
        case fullExport(Int)
    }

    /// What follows a full export reaches back so far at least.
    static let overlap = 120

    private init(_ windows: [Range<Int>]) { self.windows = windows }

    package init(
        from start: Start, recoverable: ClosedRange<Double>
    ) throws(CopyRefusal) {
        guard case .fullExport(let time) = start else {
            guard case .time(let time) = start else { preconditionFailure("\(start) is no start") }
            try self.init(since: time, recoverable: recoverable)
            return
        }
        let earliest = Int(clamping: recoverable.lowerBound.rounded(.up))
        let after = try SnapshotWindows(since: time, recoverable: recoverable).windows
        let before = max(earliest, time - Self.secondsMin)
        guard time - before >= Self.secondsMin else {
            // Recovery has not been on for as long: one window does both.
            let begin = max(earliest, time - Self.overlap)
            try self.init(since: begin, recoverable: recoverable)
            return
        }
        self.init([before..<time] + after)
    }

    /// - Parameter recoverable: what can be exported now.
    /// - Throws: ``CopyRefusal`` for what DynamoDB would refuse.
    package init(
        since start: Int, recoverable: ClosedRange<Double>
    ) throws(CopyRefusal) {
        let earliest = Int(clamping: recoverable.lowerBound.rounded(.up))
        let latest = Int(clamping: recoverable.upperBound.rounded(.down))
        guard start >= earliest else {
            throw CopyRefusal(
                "--since \(Self.text(start)): changes are known from \(Self.text(earliest)) on",
                hint: "take a new full export with --snapshot, then its changes with --since")
        }
        guard start <= latest else {
            throw CopyRefusal(
                "--since \(Self.text(start)): changes are known only up to \(Self.text(latest))",
                hint: "give an earlier time: DynamoDB exports changes of 15 minutes at least")
        }
        guard latest - start >= Self.secondsMin else {
            let first = Self.text(start + Self.secondsMin)
            throw CopyRefusal(
                "--since \(Self.text(start)): DynamoDB exports changes of 15 minutes at least, and"
                    + " they are known only up to \(Self.text(latest))",
                hint: "wait until changes up to \(first) are known, about five minutes after that")
        }
        let count = (latest - start + Self.secondsMax - 1) / Self.secondsMax
        let ends = (0...count).map { start + (latest - start) * $0 / count }
        self.init(zip(ends, ends.dropFirst()).map { $0..<$1 })
    }

    /// Where what follows an export begins; nil where it does not say.
    static func start(after export: ExportDescription) -> Start? {
        if let end = export.windowEnd { return .time(Int(clamping: end.rounded(.down))) }
        return export.exportTime.map { .fullExport(Int(clamping: $0.rounded(.down))) }
    }

    static func text(_ seconds: Int) -> String { UTCTime(secondsSinceEpoch: seconds).iso8601 }
}
