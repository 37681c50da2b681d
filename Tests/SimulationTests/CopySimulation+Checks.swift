@testable import Connectors
@testable import Flow
@testable import Transfer

/// What must hold after each event, when a process ends, and when the job does.
extension CopySimulation {
    func checkMemory() throws {
        let (pages, batches) = (run.pageBytes, run.batchBytes)
        try require(
            pages <= world.memory.pageBytes,
            "pages take \(pages) of \(world.memory.pageBytes) bytes")
        try require(
            batches <= world.memory.batchBytes,
            "batches take \(batches) of \(world.memory.batchBytes) bytes")
    }

    /// Whatever the file says is copied is in the target, or a dead letter in the same file.
    func checkDurable() throws {
        for segment in world.segments.indices { try checkDurable(segment, from: 0) }
    }

    /// The same of one segment's items from a place on.
    func checkDurable(_ segment: Int, from first: Int) throws {
        guard strictness == .everyStep else { return }
        let cursor = file.state.cursor(of: segment)
        let ordinals = world.segments[segment]
        try require(
            !file.state.isFinished(segment) || cursor == ordinals.count,
            "segment \(segment) is kept as finished at \(cursor)")
        // Nor does the file fall behind what was safe when the save was asked for.
        try require(
            cursor >= file.state.safe[segment],
            "segment \(segment) is kept at \(cursor), though \(file.state.safe[segment]) were safe"
        )
        for place in first..<max(first, cursor) where !isArrived(ordinals[place]) {
            throw violation(
                "segment \(segment) is kept at \(cursor), ahead of item \(ordinals[place])")
        }
    }

    /// In the target as the source has it, or durably a dead letter, or not to be copied.
    private func isArrived(_ ordinal: Int) -> Bool {
        file.state.isDeadLetter[ordinal] || world.items[ordinal].isExpired
            || (world.keepsItems && world.older[ordinal] != nil)
            || target.values[ordinal] == world.items[ordinal].value
    }

    /// A process that ended by itself has kept all that it could, unless its file failed it.
    func checkOrderlyEnd() throws {
        try require(run.save == nil, "the copy ended during a save")
        switch run.outcome {
        case .completed, .stopped:
            try checkGrants()
            try require(!run.hasSaveFailed, "the copy ended well though a save failed")
        case .failed(let failure):
            let refused = world.poisonCount
            let isMeant =
                failure.code == Self.refused.code
                ? refused > world.deadLettersMax || refused >= FlowScheduler.refusedAloneMax
                : run.hasSaveFailed && failure.code == "JobState"
            guard isMeant else { throw violation("the copy failed: \(failure)") }
        case nil: break
        }
        guard !run.hasSaveFailed else { return }
        for segment in world.segments.indices {
            let safe = run.advanceSafe(segment, world.segments[segment])
            try require(
                file.state.cursor(of: segment) == safe && run.saved[segment] == safe,
                "segment \(segment) is kept at \(file.state.cursor(of: segment)),"
                    + " though \(safe) are safe")
        }
    }

    /// What was granted has been settled, unless a request is still under way.
    private func checkGrants() throws {
        let sides: [(FlowSide, underWay: Int)] = [
            (.source, run.scansInFlight), (.target, run.writesInFlight),
        ]
        for (side, underWay) in sides where run.buckets[side] != nil {
            let open = run.granted[side, default: []].count
            try require(open == underWay, "\(open) grants are open for \(underWay) requests")
        }
    }

    /// At the end the target holds the source, and the dead letters are what it refuses.
    func checkEnd() throws {
        guard run.outcome == .completed else { return }
        for (ordinal, item) in world.items.enumerated() {
            guard target.values[ordinal] == world.expected(ordinal) else {
                throw violation("item \(ordinal) is lost, or should have been left out")
            }
            guard file.state.isDeadLetter[ordinal] == item.isPoison else {
                throw violation(
                    "item \(ordinal): poison \(item.isPoison), but a dead letter"
                        + " \(file.state.isDeadLetter[ordinal])")
            }
        }
        try checkCounts()
    }

    private func checkCounts() throws {
        for (segment, ordinals) in world.segments.enumerated() {
            let expected = SimulatedJobFile.Segment(
                cursor: ordinals.count, isFinished: true, items: ordinals.count,
                bytes: world.bytesBefore[segment][ordinals.count])
            try require(
                file.state.segments[segment] == expected,
                "segment \(segment) is kept as \(String(describing: file.state.segments[segment]))"
            )
        }
        try require(
            run.pagesHeld == 0 && run.writesInFlight == 0 && run.batchBytes == 0
                && run.pageBytes == 0, "something is still held at the end")
        let scheduler = run.scheduler.scheduler
        let counters = scheduler.counters
        try require(
            counters.itemsWritten == run.acknowledged,
            "\(counters.itemsWritten) counted, \(run.acknowledged) acknowledged")
        try require(
            counters.itemsLeftOut == run.leftOut,
            "\(counters.itemsLeftOut) counted, \(run.leftOut) left out")
        try require(
            counters.itemsKept == run.kept, "\(counters.itemsKept) counted, \(run.kept) kept")
        try require(
            counters.itemsRead == counters.itemsSettled
                && scheduler.itemsEarlier + counters.itemsRead == world.items.count,
            "\(scheduler.itemsEarlier) items of earlier runs, \(counters.itemsRead) read,"
                + " \(counters.itemsSettled) settled, of \(world.items.count)")
    }
}
