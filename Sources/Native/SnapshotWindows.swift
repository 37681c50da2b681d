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
    /// The time of a full export is honoured to about a minute, and it is not transactionally
    /// consistent (guide, "How it works"): what follows must reach back before it.
    package static let overlap = 120

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
        guard latest - start >= Self.secondsMin else {
            let first = Self.text(start + Self.secondsMin)
            throw CopyRefusal(
                "--since \(Self.text(start)): DynamoDB exports changes of 15 minutes at least, and"
                    + " those up to \(Self.text(latest)) are known",
                hint: "wait until changes up to \(first) are known, about five minutes after that")
        }
        let count = (latest - start + Self.secondsMax - 1) / Self.secondsMax
        let ends = (0...count).map { start + (latest - start) * $0 / count }
        windows = zip(ends, ends.dropFirst()).map { $0..<$1 }
    }

    /// Where what follows an export begins: a full one is reached back before, an incremental one
    /// is followed on at its end. nil where it does not say.
    static func start(after export: ExportDescription) -> Int? {
        if let end = export.windowEnd { return Int(clamping: end.rounded(.down)) }
        return export.exportTime.map { Int(clamping: $0.rounded(.down)) - overlap }
    }

    static func text(_ seconds: Int) -> String { UTCTime(secondsSinceEpoch: seconds).iso8601 }
}
