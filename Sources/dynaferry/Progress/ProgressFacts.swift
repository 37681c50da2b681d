import CommandLine
import Flow
import Status
import System
import Transfer

/// The facts of a snapshot in words, for every way of showing it to people.
struct ProgressFacts {
    let items: String
    let itemRate: String?
    let bytes: String
    let byteRate: String?
    /// Units a second, against their limit when there is one: `read 12 of 100 units/s`. Of a
    /// verification, those of each side.
    let read: String
    let write: String
    let inFlight: String
    let throttles: String
    let retried: String?
    /// Or differences.
    let deadLetters: String?
    let leftOut: String?
    /// Or items written, where most are not.
    let kept: String?
    let segments: String?
    let remaining: String?
    /// How far the verification of what was copied is; nil where there is none.
    let verifiedItems: String?
    let verifiedRate: String?
    /// The same with its share and the time left, in the order of their weight.
    let verified: [String]

    init(_ snapshot: ProgressSnapshot, _ rates: ProgressRates) {
        let (progress, counters) = (snapshot.progress, snapshot.progress.counters)
        items = Self.items(snapshot.items, of: progress)
        itemRate = rates.items.map { "\($0.fixed(0)) items/s" }
        bytes = Double(snapshot.bytes).inDecimalBytes
        byteRate = rates.bytes.map { "\($0.inDecimalBytes)/s" }
        let read = Self.units(rates.readUnits, limit: progress.readLimit)
        let there = Self.units(rates.targetReadUnits, limit: progress.readLimitElsewhere)
        let write = Self.units(rates.writeUnits, limit: progress.writeLimit)
        if snapshot.isComparing {
            let mends = counters.writeUnits > 0
            (self.read, self.write) = (
                "source \(read)", "target \(there)" + (mends ? ", write \(write)" : "")
            )
        } else {
            (self.read, self.write) = ("read \(read)", "write \(write)")
        }
        inFlight =
            "in flight \(progress.scansInFlight.counted("scan"))"
            + (snapshot.isComparing ? "" : ", \(progress.writesInFlight.counted("write"))")
        throttles =
            "throttled \(counters.scansThrottled.grouped) source,"
            + " \(counters.writesThrottled.grouped) target"
        let again = counters.itemsRetried + (snapshot.isComparing ? counters.requestsFailed : 0)
        retried = again > 0 ? "retried \(again.grouped)" : nil
        let differences = snapshot.status.tables.lazy
            .compactMap(\.comparison?.counters.differences).clampedSum
        deadLetters =
            counters.deadLetters > 0
            ? "dead letters \(counters.deadLetters.grouped)"
            : snapshot.isComparing && differences > 0 ? "differences \(differences.grouped)" : nil
        leftOut = counters.itemsLeftOut > 0 ? "left out \(counters.itemsLeftOut.grouped)" : nil
        kept =
            !snapshot.isComparing && (progress.isComparing || counters.itemsEqual > 0)
            ? "written \(counters.itemsWritten.grouped)"
            : counters.itemsKept > 0 ? "kept \(counters.itemsKept.grouped)" : nil
        segments =
            progress.segments > 0
            ? "segments \(counters.segmentsFinished.grouped)/\(progress.segments.grouped)" : nil
        remaining = rates.remaining.map { Self.left($0) }
        verifiedItems = snapshot.verifying.map {
            "verified \(Self.items($0.counters.itemsRead, of: $0))"
        }
        verifiedRate = rates.verified.map { "\($0.fixed(0)) items/s" }
        verified =
            [
                verifiedItems,
                snapshot.verifying.map {
                    "\(ProgressSnapshot.percent($0.fraction, isDone: true)) %"
                },
                snapshot.verifying == nil ? nil : verifiedRate,
                rates.verificationRemaining.map { Self.left($0) },
            ].compactMap(\.self)
    }

    private static func items(_ done: Int, of progress: FlowProgress) -> String {
        guard let total = progress.itemsTotal(done: done) else { return done.counted("item") }
        return "\(done.grouped) of about \(total.counted("item"))"
    }

    private static func units(_ rate: Double?, limit: Double?) -> String {
        let bound = limit.map { " of \($0.short)" } ?? ""
        return "\(rate.map { $0.fixed(0) } ?? "-")\(bound) units/s"
    }

    /// `ends about 18:32`, with the day where that is not today.
    /// - Parameters:
    ///   - now: in seconds since 1970.
    ///   - clock: what the clock on the wall says so many seconds after 1970 began.
    static func end(
        after left: Duration, at now: Double, _ clock: (Int) -> CivilTime?
    ) -> String? {
        guard let today = clock(Int(clamping: now)),
            let end = clock(Int(clamping: now + left.inSeconds))
        else { return nil }
        let isToday = (today.year, today.month, today.day) == (end.year, end.month, end.day)
        return "ends about \(end.text.dropFirst(isToday ? 11 : 0).dropLast(3))"
    }

    /// A time as rough as an estimate deserves.
    static func left(_ remaining: Duration) -> String {
        let seconds = Int(clamping: (remaining / .seconds(1)).rounded())
        switch seconds {
        case ..<5: return "a few seconds left"
        case ..<55: return "about \((seconds + 4) / 5 * 5) s left"
        case ..<5_400: return "about \((seconds + 30) / 60) min left"
        case ..<172_800: return "about \((seconds + 1_800) / 3_600) h left"
        default: return "about \(((seconds + 43_200) / 86_400).counted("day")) left"
        }
    }
}
