import Pacing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// The job's file: each save is one commit, written some time after it was asked for, then told to
/// the scheduler, and safe from a power loss later still.
extension CopySimulation {
    private static let diskFull = FlowFailure(
        .giveUp, code: "JobState", message: "the disk is full")

    func keep(_ save: FlowSave) throws {
        try require(run.save == nil, "two saves at once")
        try require(!run.hasSaveFailed, "a save is tried after one has failed")
        saves += 1
        var commit = SimulatedJobFile.Commit(
            number: saves, segments: [], deadLetters: [], safe: [])
        for refused in save.deadLetters { commit.deadLetters.append(try letter(refused)) }
        for progress in save.partitions {
            let state = try position(of: progress)
            commit.segments.append((progress.partition, state))
            run.saved[progress.partition] = state.cursor
            run.isSavedAsFinished[progress.partition] = state.isFinished
        }
        try checkFreshness()
        commit.safe = world.segments.indices.map { run.advanceSafe($0, world.segments[$0]) }
        run.save = commit
        trace.note(now, "save \(commit.number) is asked for: \(Self.text(commit))")
        let isFailing = saveFailuresLeft > 0 && generator.unit() < world.faults.saveFailed
        if isFailing { saveFailuresLeft -= 1 }
        run.schedule(isFailing ? .saveFails : .saveWritten, at: now + latency())
    }

    private func letter(_ refused: RefusedItem) throws -> Int {
        let ordinal = try ordinal(of: refused.item)
        try require(
            world.items[ordinal].isPoison,
            "item \(ordinal) is a dead letter though nothing is wrong with it")
        try require(
            !run.items[ordinal].isRefused && !run.items[ordinal].isInFlight,
            "item \(ordinal) is a dead letter twice, or is in flight")
        run.items[ordinal].isRefused = true
        return ordinal
    }

    /// Where a segment stands after a save, as the driver would cut its cursor out.
    private func position(
        of progress: PartitionProgress
    ) throws -> SimulatedJobFile.Segment {
        let segment = progress.partition
        var cursor = run.released[segment]
        switch progress.position {
        case .start: throw violation("segment \(segment) is saved before anything of it is safe")
        case .finished: break
        case .at(let place):
            try require(
                SimulatedJobFile.items(place) == cursor,
                "segment \(segment) is saved at \(place), and \(cursor) items are released")
        case .within(let slot, let items):
            guard slot < run.pages.count, let page = run.pages[slot], page.segment == segment,
                (1...page.range.count).contains(items)
            else { throw violation("segment \(segment) stands in a page that is not its own") }
            cursor = page.range.lowerBound + items
            try require(
                cursor == page.range.upperBound
                    || world.group(cursor) != world.group(cursor - 1),
                "segment \(segment) is saved at \(cursor), between items that came of one")
        }
        let safe = run.advanceSafe(segment, world.segments[segment])
        try require(
            cursor <= safe, "segment \(segment) is at \(cursor), but only \(safe) items are safe")
        try require(
            progress.position != .finished || cursor == world.segments[segment].count,
            "segment \(segment) counts as finished at \(cursor)")
        try require(
            progress.items == cursor && progress.bytes == world.bytesBefore[segment][cursor],
            "segment \(segment) is at \(cursor) but counts \(progress.items) items,"
                + " \(progress.bytes) bytes")
        return SimulatedJobFile.Segment(
            cursor: cursor, isFinished: progress.position == .finished, items: progress.items,
            bytes: progress.bytes)
    }

    /// A save leaves nothing out that could be kept: it bounds what is copied again after a crash.
    private func checkFreshness() throws {
        for segment in world.segments.indices {
            let safe = run.advanceSafe(segment, world.segments[segment])
            try require(
                run.saved[segment] == safe,
                "segment \(segment) is saved at \(run.saved[segment]), though \(safe) are safe")
            let isFinished =
                run.isExhausted[segment] && run.released[segment] == world.segments[segment].count
            try require(
                run.isSavedAsFinished[segment] == isFinished,
                "segment \(segment): finished \(isFinished), but not so saved")
        }
    }

    func saveWritten() throws {
        guard let commit = run.save else { throw violation("nothing is being saved") }
        trace.note(now, "save \(commit.number) is written")
        let synced = now + .milliseconds(Int.random(in: 0...2_000, using: &generator))
        let cursors = commit.segments.map { file.state.cursor(of: $0.index) }
        file.write(commit, syncedAt: synced, at: now)
        for ((segment, _), cursor) in zip(commit.segments, cursors) {
            try checkDurable(segment, from: cursor)
        }
        // The word of it takes a while to reach the scheduler's queue.
        run.schedule(
            .saveTold, at: now + .microseconds(Int.random(in: 10...2_000, using: &generator)))
    }

    func saveTold() -> [FlowAction] {
        guard let commit = run.save else { return [] }
        trace.note(now, "save \(commit.number) is told to be done")
        run.save = nil
        for ordinal in commit.deadLetters { run.items[ordinal].isDead = true }
        return run.scheduler.take { $0.saved(at: now) }
    }

    func saveFails() -> [FlowAction] {
        trace.note(now, "save \(saves) fails: \(Self.diskFull.message)")
        run.save = nil
        run.hasSaveFailed = true
        return run.scheduler.take { $0.saveFailed(Self.diskFull, at: now) }
    }
}
