import DynamoModel
import Pacing
import System

@testable import Connectors
@testable import Flow
@testable import Transfer

/// The source's side: pages, which start behind the cursor that the run was resumed from.
extension CopySimulation {
    static let throttled = FlowFailure(
        .slowDown, code: "ThrottlingException", message: "slow down")
    static let unanswered = FlowFailure(
        .retry, code: "Fault", message: "no answer", mayLandWithin: .seconds(60))

    func scan(_ segment: Int, _ limit: Int, _ reserve: Int) throws {
        trace.note(now, "segment \(segment) is asked for \(limit) items at most")
        try require(limit > 0 && reserve > 0, "a page of \(limit) items")
        try require(!run.isPaused, "segment \(segment) is scanned during a pause")
        try require(
            !file.state.isFinished(segment), "segment \(segment) is finished and scanned again")
        guard run.scanReserves[segment] == nil else {
            throw violation("segment \(segment) is scanned twice at once")
        }
        run.scanReserves[segment] = reserve
        run.scansInFlight += 1
        run.pageBytes += reserve
        try require(
            run.scansInFlight <= run.configuration.readsMax,
            "\(run.scansInFlight) Scans are in flight")
        let event = decidePage(segment, limit, reserve)
        run.schedule(event, at: now + latency())
    }

    /// A segment is read on behind the page that came last.
    func checkCursor(_ cursor: Cursor?, _ segment: Int) throws {
        let place = cursor.map { SimulatedJobFile.items($0) } ?? 0
        try require(
            place == run.scanned[segment],
            "segment \(segment) is read from \(place ?? -1), not from \(run.scanned[segment])")
    }

    private func decidePage(
        _ segment: Int, _ limit: Int, _ reserve: Int
    ) -> SimulatedEvent {
        let dice = generator.unit()
        if run.scanFaultsLeft > 0, dice < world.faults.scanFailed + world.faults.scanThrottled {
            run.scanFaultsLeft -= 1
            let isThrottled = dice < world.faults.scanThrottled
            return .scanFails(segment: segment, isThrottled ? Self.throttled : Self.unanswered)
        }
        var limit = limit
        if generator.unit() < world.faults.pageCutShort {
            limit = Int.random(in: 0...limit, using: &generator)
        }
        let range = pageRange(segment, limit)
        let bytes = replyBytes(segment, range)
        guard bytes <= reserve else {
            var failure = FlowFailure(
                .split, code: "ReplyTooLong", message: "", mayLandWithin: .seconds(60))
            failure.replyBytes = bytes
            return .scanFails(segment: segment, failure)
        }
        // The service may say that more follows when nothing does.
        let isLast =
            range.upperBound == world.segments[segment].count
            && Bool.random(using: &generator)
        return .page(segment: segment, range, isLast: isLast)
    }

    /// Places of the items that the next page of a segment holds.
    private func pageRange(_ segment: Int, _ limit: Int) -> Range<Int> {
        let first = run.scanned[segment]
        let bytesBefore = world.bytesBefore[segment]
        var end = first
        while end < world.segments[segment].count, end - first < limit,
            bytesBefore[end] - bytesBefore[first] < ServiceLimits.pageBytesMax
        {
            end += 1
        }
        // Whole groups, as many as what was read has made.
        while end > first, end < world.segments[segment].count,
            world.group(end) == world.group(end - 1)
        { end += 1 }
        return first..<end
    }

    private func replyBytes(_ segment: Int, _ range: Range<Int>) -> Int {
        world.segments[segment][range].reduce(100) { $0 + Int(world.items[$1].slice.length) }
    }

    private func scanCameBack(_ segment: Int) {
        run.pageBytes -= run.scanReserves[segment] ?? 0
        run.scanReserves[segment] = nil
        run.scansInFlight -= 1
    }

    func scanFails(_ segment: Int, _ failure: FlowFailure) -> [FlowAction] {
        trace.note(now, "segment \(segment): \(failure.code)")
        scanCameBack(segment)
        return run.scheduler.readFailed(partition: segment, failure, at: now)
    }

    func pageArrives(
        _ segment: Int, _ range: Range<Int>, isLast: Bool
    ) -> [FlowAction] {
        scanCameBack(segment)
        let bytes = replyBytes(segment, range)
        let bytesBefore = world.bytesBefore[segment]
        run.scanned[segment] = range.upperBound
        run.isExhausted[segment] = isLast
        run.pagesRead += 1
        run.pagesHeld += 1
        run.pageBytes += bytes
        let page = SimulatedRun.Page(
            number: run.pagesRead, segment: segment, range: range, heldBytes: bytes)
        let ordinals = world.segments[segment][range]
        let leftOut = ordinals.indices.filter { world.items[ordinals[$0]].isExpired }
            .map { $0 - range.lowerBound }
        for position in leftOut {
            run.items[ordinals[range.lowerBound + position]].isLeftOut = true
        }
        run.leftOut += leftOut.count
        var arrived = ArrivedPage(
            items: ordinals.map { world.items[$0].slice },
            storedBytes: bytesBefore[range.upperBound] - bytesBefore[range.lowerBound],
            replyBytes: bytes, heldBytes: bytes,
            next: isLast ? .end : .more(SimulatedJobFile.cursor(range.upperBound)),
            leftOut: leftOut)
        if world.groupSize > 1 { arrived.groups = range.map(world.group) }
        let (slot, actions) = run.scheduler.pageArrived(
            partition: segment, arrived, at: now)
        trace.note(
            now,
            "page \(page.number) of segment \(segment) arrives: \(Self.text(range))"
                + (isLast ? ", the last" : ""))
        while run.pages.count <= slot { run.pages.append(nil) }
        run.pages[slot] = page
        return actions
    }

    func release(_ slot: Int) throws {
        guard slot < run.pages.count, let page = run.pages[slot] else {
            throw violation("slot \(slot) is released but holds no page")
        }
        trace.note(now, "page \(page.number) of segment \(page.segment) is released")
        run.pages[slot] = nil
        run.pagesHeld -= 1
        run.pageBytes -= page.heldBytes
        try require(
            page.range.lowerBound == run.released[page.segment],
            "page \(page.number) is released out of order")
        for ordinal in world.segments[page.segment][page.range] {
            try require(
                run.items[ordinal].isSafe,
                "page \(page.number) is released before item \(ordinal) is safe")
        }
        run.released[page.segment] = page.range.upperBound
    }
}
