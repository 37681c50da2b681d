import CommandLine
import System

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
    /// How far the verification of what was copied is, in the order of their weight.
    let verified: [String]

    init(_ snapshot: ProgressSnapshot, _ rates: ProgressRates) {
        let total = snapshot.itemsTotal.map { " of about \($0.grouped)" } ?? ""
        items = "\(snapshot.items.grouped)\(total) items"
        itemRate = rates.items.map { "\($0.fixed(0)) items/s" }
        bytes = Double(snapshot.bytes).inDecimalBytes
        byteRate = rates.bytes.map { "\($0.inDecimalBytes)/s" }
        let (one, other) = (
            Self.units(rates.readUnits, limit: snapshot.readLimit),
            Self.units(rates.writeUnits, limit: snapshot.writeLimit)
        )
        switch snapshot.work {
        case .copying:
            (read, write) = ("read \(one)", "write \(other)")
            inFlight =
                "in flight \(snapshot.scansInFlight) scans, \(snapshot.writesInFlight) writes"
        case .verifying:
            (read, write) = ("source \(one)", "target \(other)")
            inFlight =
                "in flight \(snapshot.scansInFlight) source, \(snapshot.writesInFlight) target"
        }
        let (source, target) = (snapshot.sourceThrottles, snapshot.targetThrottles)
        throttles = "throttled \(source.grouped) source, \(target.grouped) target"
        retried = snapshot.itemsRetried > 0 ? "retried \(snapshot.itemsRetried.grouped)" : nil
        deadLetters =
            snapshot.deadLetters > 0
            ? "dead letters \(snapshot.deadLetters.grouped)"
            : snapshot.differences > 0 ? "differences \(snapshot.differences.grouped)" : nil
        leftOut = snapshot.itemsLeftOut > 0 ? "left out \(snapshot.itemsLeftOut.grouped)" : nil
        kept =
            snapshot.itemsWritten.map { "written \($0.grouped)" }
            ?? (snapshot.itemsKept > 0 ? "kept \(snapshot.itemsKept.grouped)" : nil)
        segments =
            snapshot.segmentsTotal > 0
            ? "segments \(snapshot.segmentsDone.grouped)/\(snapshot.segmentsTotal.grouped)" : nil
        remaining = rates.remaining.map { Self.left($0) }
        verified = snapshot.verification.map { Self.verified($0, rates) } ?? []
    }

    private static func verified(
        _ verification: VerificationSnapshot, _ rates: ProgressRates
    ) -> [String] {
        let total = verification.itemsTotal.map { " of about \($0.grouped)" } ?? ""
        let parts: [String?] = [
            "verified \(verification.items.grouped)\(total) items", "\(verification.percent) %",
            rates.verified.map { "\($0.fixed(0)) items/s" },
            rates.verificationRemaining.map { left($0) },
        ]
        return parts.compactMap(\.self)
    }

    private static func units(_ rate: Double?, limit: Double?) -> String {
        let bound = limit.map { " of \($0.short)" } ?? ""
        return "\(rate.map { $0.fixed(0) } ?? "-")\(bound) units/s"
    }

    /// A time as rough as an estimate deserves.
    static func left(_ remaining: Duration) -> String {
        let seconds = Int(clamping: (remaining / .seconds(1)).rounded())
        switch seconds {
        case ..<5: return "a few seconds left"
        case ..<55: return "about \((seconds + 4) / 5 * 5) s left"
        case ..<5_400: return "about \((seconds + 30) / 60) min left"
        case ..<172_800: return "about \((seconds + 1_800) / 3_600) h left"
        default: return "about \(((seconds + 43_200) / 86_400).grouped) days left"
        }
    }
}
