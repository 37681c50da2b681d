import Pacing

/// Saving: what of a copy's progress is made durable, and when.
///
/// One save is under way at a time. A segment's position in it never passes an item that is not
/// settled, and a refused item is settled only by the save that keeps it as a dead letter. Before
/// the copy ends, however it does, what is left is saved.
extension CopyScheduler {
    // MARK: Events

    /// The save is durable.
    package mutating func saved(at now: Instant) -> [CopyAction] {
        guard let save = saving else { preconditionFailure("nothing was being saved") }
        saving = nil
        var actions: [CopyAction] = []
        for refused in save.deadLetters {
            counters.deadLetters += 1
            patience.progressed()
            settle(refused.item, &actions)
        }
        pump(at: now, &actions)
        return actions
    }

    /// The save failed, and nothing of it is durable: no item may be moved that could not be
    /// accounted for.
    package mutating func saveFailed(_ failure: CopyFailure, at now: Instant) -> [CopyAction] {
        saving = nil
        isSavingOver = true
        end(.failed(failure), at: now)
        return pumped(at: now)
    }

    // MARK: Saves

    /// Progress is saved this often although nothing has moved.
    private static let heartbeat = Duration.seconds(1)

    /// Saves what has changed since the last save, unless one is under way.
    /// - Parameter isLast: also when nothing has, once: the counters may have.
    mutating func startSave(
        at now: Instant, isLast: Bool = false, _ actions: inout [CopyAction]
    ) {
        guard saving == nil, !isSavingOver else { return }
        nextSave = now + configuration.saveEvery
        var save = CopySave(segments: finishedUnsaved, deadLetters: refusedUnsaved)
        for slot in segments.indices where segments[slot].isOpen {
            if let progress = unsavedProgress(of: slot) { save.segments.append(progress) }
        }
        // Whoever looks at the job sees that it lives, and what holds it back.
        let isDue = now >= nextHeartbeat || (isLast && !hasSavedLast)
        guard !save.isEmpty || isDue else { return }
        nextHeartbeat = now + Self.heartbeat
        hasSavedLast = isLast
        finishedUnsaved.removeAll()
        refusedUnsaved.removeAll()
        saving = save
        actions.append(.save(save))
    }

    private mutating func unsavedProgress(of slot: Int) -> SegmentProgress? {
        let first = segments[slot].pages.first
        let items = first.map { pages[$0].settledPrefix() } ?? 0
        let reached = (pages: segments[slot].pagesReleased, items: items)
        guard reached != segments[slot].saved else { return nil }
        segments[slot].saved = reached
        var progress = SegmentProgress(
            segment: segments[slot].index, position: .afterReleased,
            items: segments[slot].itemsReleased, bytes: segments[slot].bytesReleased)
        if let first, items > 0 {
            progress.position = .within(page: first, items: items)
            progress.items += items
            progress.bytes += pages[first].prefixBytes
        }
        return progress
    }

    var refusedInSave: Int { saving?.deadLetters.count ?? 0 }

    /// Items that the target holds, or dead letters, beyond what segments' positions have passed:
    /// those that a crash would have copied again.
    package mutating func itemsSettledAhead() -> Int {
        var passed = 0
        for slot in segments.indices where segments[slot].isOpen {
            guard let first = segments[slot].pages.first else { continue }
            for page in segments[slot].pages {
                passed += pages[page].items.count - pages[page].unsettled
            }
            passed -= pages[first].settledPrefix()
        }
        return passed
    }
}
