import System

/// The part of a table's history that an export takes. Times in microseconds since 1970.
enum ExportSpan: Equatable, Sendable {
    /// What the table held just before `end`; `time` is what descriptions tell.
    case content(before: Int, time: Int)
    /// What changed from `start` to before `end`.
    case changes(from: Int, to: Int, ExportRequest.ViewType)

    /// What is at this time or later is not in it.
    var end: Int {
        switch self {
        case .content(let end, _), .changes(_, let end, _): end
        }
    }

    /// Throws what the service says of times that an export can't have (observed, but for the words
    /// about a window that begins before recovery was switched on, or lasts too long).
    ///
    /// - Parameters:
    ///   - recovery: of the table.
    ///   - createdAt: of the table, in seconds since 1970.
    init(
        _ extent: ExportRequest.Extent, _ recovery: PointInTimeRecovery, table: String,
        createdAt: Double, now: Int
    ) throws(ServiceError) {
        if case .incremental(let start, _, _) = extent, start < Self.microseconds(createdAt) {
            throw .invalidExportTime(
                "Incremental export period from time cannot be less than the table creation time "
                    + ": \(UTCTime(microseconds: start).iso8601)")
        }
        guard let restorable = recovery.restorable(today: Double(now) / 1e6) else {
            throw ServiceError(
                namespace: .service, name: "PointInTimeRecoveryUnavailableException",
                message: "Point in time recovery is not enabled for table '\(table)'")
        }
        let earliest = Self.microseconds(restorable.lowerBound)
        switch extent {
        case .full(nil): self = .content(before: now + 1, time: now)
        case .full(let time?):
            guard (earliest...max(earliest, now)).contains(time) else {
                throw .invalidExportTime("Export Time is invalid")
            }
            guard time <= Self.microseconds(restorable.upperBound) else {
                throw .unrecoverable
            }
            self = .content(before: time, time: time)
        case .incremental(let start, let asked, let viewType):
            let end = asked ?? now / Self.second * Self.second
            try Self.check(from: start, to: end, earliest: earliest, now: now)
            self = .changes(from: start, to: end, viewType)
        }
    }

    private static let second = 1_000_000

    /// Of the whole second that a time lies in.
    private static func microseconds(_ seconds: Double) -> Int {
        Int(clamping: seconds.rounded(.down)) * second
    }

    /// Seconds.
    private static let windowLengths = (min: 15 * 60, max: 24 * 3_600)

    private static func check(
        from start: Int, to end: Int, earliest: Int, now: Int
    ) throws(ServiceError) {
        guard start >= earliest else { throw .unrecoverable }
        guard end <= now else {
            throw .invalidExportTime(
                "Incremental export period to time cannot be greater than the current time : "
                    + UTCTime(microseconds: end).iso8601)
        }
        let words = "Difference between export period from time and export period to time is "
        guard end - start >= windowLengths.min * second else {
            throw .invalidExportTime(words + "less than 15 minutes")
        }
        guard end - start <= windowLengths.max * second else {
            throw .invalidExportTime(words + "greater than 24 hours")
        }
    }
}

extension UTCTime {
    /// - Parameter microseconds: since 1970.
    init(microseconds: Int) { self.init(secondsSinceEpoch: microseconds / 1_000_000) }
}

extension ServiceError {
    static func invalidExportTime(_ message: String) -> ServiceError {
        ServiceError(namespace: .service, name: "InvalidExportTimeException", message: message)
    }

    static let unrecoverable = invalidExportTime(
        "Point in Time Recovery is not available for specified export time")
}
