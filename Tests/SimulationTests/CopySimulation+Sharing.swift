import Pacing

@testable import Flow
@testable import Transfer

/// The limits over all tables, of which the other tables take their part.
extension CopySimulation {
    func claim(_ side: FlowSide, _ units: Double) throws {
        trace.note(now, "\(units) units are claimed of the limit over all tables")
        guard run.buckets[side] != nil else { throw violation("a claim on no limit") }
        run.buckets[side]?.claim(units, for: 0)
        scheduleGrant(side)
    }

    /// The others may be served before.
    private func scheduleGrant(_ side: FlowSide) {
        guard let ready = run.buckets[side]?.readyAt(now) else { return }
        let late = Duration.microseconds(Int.random(in: 0...20_000, using: &generator))
        run.schedule(.grant(side), at: ready + late)
    }

    func grant(_ side: FlowSide) throws -> [FlowAction] {
        guard let grant = run.buckets[side]?.grant(at: now) else {
            scheduleGrant(side)
            return []
        }
        trace.note(now, "\(grant.reservation.estimate) units are granted")
        run.granted[side, default: []].append(grant)
        return run.scheduler.take { $0.unitsGranted(grant, on: side, at: now) }
    }

    func settle(_ side: FlowSide, _ grant: SharedBucket.Grant, _ consumed: Double) throws {
        guard let index = run.granted[side]?.firstIndex(of: grant) else {
            throw violation("a grant is settled that was not given, or twice")
        }
        run.granted[side]?.remove(at: index)
        run.buckets[side]?.settle(grant, consumed: consumed, at: now)
    }
}
