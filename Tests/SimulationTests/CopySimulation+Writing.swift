import DynamoModel
import Pacing
import System

@testable import Connectors
@testable import Flow
@testable import Transfer

/// The target's side: what comes of a batch is decided when it is sent, and happens when the reply
/// comes.
extension CopySimulation {
    static let refused = FlowFailure(
        .split, code: "ValidationException", message: "poison")

    func write(_ id: BatchID, _ items: [ItemRef], _ reserve: Int) throws {
        let ordinals = try items.map { try ordinal(of: $0) }
        try checkBatch(ordinals, reserve)
        let flight = decideFlight(
            id, ordinals, mayBeWritten: items.contains { $0.mayBeWritten }, bytes: 2 * reserve)
        trace.note(
            now, "\(Self.text(flight)), \(world.units(of: ordinals).table) units, is sent")
        for ordinal in ordinals { run.items[ordinal].isInFlight = true }
        while run.flights.count <= id.slot { run.flights.append(nil) }
        guard run.flights[id.slot] == nil else {
            throw violation("two batches in flight are number \(id.slot)")
        }
        run.flights[id.slot] = flight
        run.writesInFlight += 1
        run.batchBytes += flight.bytes
        try require(
            run.writesInFlight <= run.writesMax, "\(run.writesInFlight) writes are in flight")
        run.schedule(.batchComesBack(slot: id.slot), at: now + latency())
        try meter(flight)
    }

    private func checkBatch(_ ordinals: [Int], _ reserve: Int) throws {
        try require(!run.isPaused, "a batch is sent during a pause")
        try require(
            (1...(world.keepsItems ? 1 : ServiceLimits.batchItemsMax)).contains(ordinals.count),
            "a batch of \(ordinals.count) items")
        var body = 0
        for ordinal in ordinals {
            let (item, state) = (world.items[ordinal], run.items[ordinal])
            try require(
                !state.isInFlight && !state.isSafe,
                "item \(ordinal) is sent while it is in flight or safe")
            try require(
                item.position >= file.state.safe[item.segment],
                "item \(ordinal) was safe when the last save was made, and is sent again")
            body += Int(item.slice.length) + BatchWriteRequest.itemEnvelope
        }
        try require(
            body <= ServiceLimits.requestBytesMax && body <= reserve,
            "a body of \(body) bytes against a reserve of \(reserve)")
    }

    func ordinal(of item: ItemRef) throws -> Int {
        let slot = Int(item.page)
        guard slot < run.pages.count, let page = run.pages[slot],
            Int(item.index) < page.range.count
        else { throw violation("\(item) stands in no page that is held") }
        return world.segments[page.segment][page.range.lowerBound + Int(item.index)]
    }

    // MARK: What the target does

    private func decideFlight(
        _ id: BatchID, _ ordinals: [Int], mayBeWritten: Bool, bytes: Int
    ) -> SimulatedRun.Flight {
        run.batchesSent += 1
        var (reply, executed) = decideReply(ordinals)
        var isConditionFailed = false
        if world.keepsItems {
            let held = executed.first.flatMap { target.values[$0] }
            if held != nil { executed = [] }
            if let held, case .answered = reply {
                // As the driver does, which reads the item only when it may have been put before.
                let isOurs =
                    (mayBeWritten || run.number > 1) && held == world.items[ordinals[0]].value
                if !isOurs { reply = .kept }
                isConditionFailed = true
            }
        }
        return SimulatedRun.Flight(
            number: run.batchesSent, id: id, ordinals: ordinals, reply: reply,
            executed: executed, isConditionFailed: isConditionFailed, bytes: bytes, sentAt: now)
    }

    private func decideReply(
        _ ordinals: [Int]
    ) -> (SimulatedRun.Flight.Reply, executed: [Int]) {
        let dice = generator.unit()
        var bound = world.faults.batchThrottled
        if dice < bound { return (.failed(Self.throttled), []) }
        bound += world.faults.batchFailed
        if dice < bound { return (.failed(Self.unanswered), someExecuted(ordinals)) }
        if ordinals.contains(where: { world.items[$0].isPoison }) {
            return (.failed(Self.refused), [])
        }
        bound += world.faults.batchReplyTooLong
        if dice < bound {
            let failure = FlowFailure(
                ordinals.count > 1 ? .split : .slowDown, code: "ReplyTooLong", message: "",
                mayLandWithin: .seconds(60))
            return (.failed(failure), ordinals.count > 1 ? someExecuted(ordinals) : [])
        }
        var (unprocessed, executed): ([Int], [Int]) = ([], [])
        for (position, ordinal) in ordinals.enumerated() {
            if generator.unit() < world.faults.unprocessed, !world.keepsItems {
                unprocessed.append(position)
            } else {
                executed.append(ordinal)
            }
        }
        return (.answered(unprocessed: unprocessed.shuffled(using: &generator)), executed)
    }

    /// What a target that gave no answer may have written all the same.
    private func someExecuted(_ ordinals: [Int]) -> [Int] {
        ordinals.filter {
            let isExecuted = generator.unit() < world.faults.failedButExecuted
            return isExecuted && !world.items[$0].isPoison
        }
    }

    // MARK: What comes of it

    func comeBack(_ slot: Int) throws -> [FlowAction] {
        guard let flight = run.flights[slot] else { throw violation("no batch \(slot)") }
        run.flights[slot] = nil
        run.writesInFlight -= 1
        run.batchBytes -= flight.bytes
        run.uncertain.table -= flight.uncertain.table
        run.uncertain.index -= flight.uncertain.index
        for ordinal in flight.ordinals { run.items[ordinal].isInFlight = false }
        put(flight.executed)
        let roundTrip = now - flight.sentAt
        switch flight.reply {
        case .failed(let failure):
            trace.note(
                now,
                "\(Self.text(flight)): \(failure.code), \(flight.executed.count) written")
            return run.scheduler.take {
                $0.batchFailed(flight.id, failure, roundTrip: roundTrip, at: now)
            }
        case .answered(let unprocessed):
            trace.note(now, "\(Self.text(flight)) answered, \(unprocessed.count) unprocessed")
            for (position, ordinal) in flight.ordinals.enumerated()
            where !unprocessed.contains(position) {
                try require(
                    !run.items[ordinal].isSafe, "item \(ordinal) is acknowledged twice")
                run.items[ordinal].isAcknowledged = true
                run.acknowledged += 1
            }
            return run.scheduler.batchAnswered(
                flight.id,
                BatchReply(unprocessed: unprocessed, units: consumption(of: flight)),
                roundTrip: roundTrip, at: now)
        case .kept:
            let ordinal = flight.ordinals[0]
            trace.note(now, "\(Self.text(flight)): item \(ordinal) is kept")
            try require(!run.items[ordinal].isSafe, "item \(ordinal) is settled twice")
            try require(
                world.older[ordinal] != nil, "item \(ordinal), which the job put, counts as kept")
            run.items[ordinal].isKept = true
            run.kept += 1
            return run.scheduler.batchAnswered(
                flight.id, BatchReply([.init(0, .kept)]), roundTrip: roundTrip, at: now)
        }
    }

    func put(_ ordinals: [Int]) {
        for ordinal in ordinals where !run.items[ordinal].isPut {
            run.items[ordinal].isPut = true
            if target.wasPut[ordinal] { run.writtenAgain += 1 }
        }
        target.put(ordinals, of: world)
    }

    private func consumption(of flight: SimulatedRun.Flight) -> [Double]? {
        // Of a condition that failed nothing is reported.
        guard world.reportsUnits, !flight.isConditionFailed else { return nil }
        let units = world.units(of: flight.executed)
        return world.hasIndex ? [units.table, units.index] : [units.table]
    }

    // MARK: Limits

    /// Holds what the batch consumes against both limits, at the instant that it is sent.
    ///
    /// An estimate is what the items come to by themselves, times what was learnt of the bucket:
    /// from 1 to the true factor for the table, from 0 to 1 for the index. Where there is no answer
    /// the estimate stands, and what was consumed beyond it nobody can know.
    private func meter(_ flight: SimulatedRun.Flight) throws {
        var flight = flight
        let alone = world.units(of: flight.ordinals)
        var consumed = world.units(of: flight.executed)
        let itemUnits = alone.table / world.unitsPerUnit
        switch flight.reply {
        case .failed: consumed = (consumed.table / world.unitsPerUnit, 0)
        case .kept: consumed = (itemUnits, 0)
        case .answered where flight.isConditionFailed: consumed = (itemUnits, 0)
        case .answered:
            flight.uncertain = (
                consumed.table - consumed.table / world.unitsPerUnit, consumed.index
            )
        }
        run.flights[flight.id.slot] = flight
        run.uncertain.table += flight.uncertain.table
        run.uncertain.index += flight.uncertain.index
        let table = run.tableRate.sent(
            consumed.table, estimateMax: alone.table, uncertain: run.uncertain.table, at: now)
        let index = run.indexRate.sent(
            consumed.index, estimateMax: itemUnits, uncertain: run.uncertain.index, at: now)
        let shared = run.sharedRate.sent(
            consumed.table + consumed.index, estimateMax: alone.table + itemUnits,
            uncertain: run.uncertain.table + run.uncertain.index, at: now)
        if let shared { try require(false, "all tables: " + shared) }
        if let table { try require(false, "the table: " + table) }
        if let index { try require(false, "the index: " + index) }
    }
}
