/// What a flow has done so far.
package struct FlowCounters: Equatable, Sendable {
    package var itemsRead = 0
    package var itemsWritten = 0
    /// Changes that were deletes: whether there was such an item is not known.
    package var itemsDeleted = 0
    package var deadLetters = 0
    /// Items that were not to be copied: those that had expired, and those that a filter left out.
    package var itemsLeftOut = 0
    /// Of these: those that were asked for by their keys, and that the source does not have.
    package var itemsMissing = 0
    /// Items that are written otherwise than they came; those are counted that were read so.
    package var itemsRewritten = 0
    /// Items that were not put, since the target has one of the same key that was to stay.
    package var itemsKept = 0
    /// Items that were read where nothing is written.
    package var itemsPassed = 0
    /// Items that were not written, since the target had something else in their place.
    package var itemsChanged = 0
    /// Of a copy of what differs: items that the target has as the source does, items that changed
    /// too often to be written, and items that only the target has.
    package var itemsEqual = 0
    package var itemsChanging = 0
    package var itemsOnlyInTarget = 0
    /// Sizes as the service counts them, of the items written.
    package var storedBytesWritten = 0
    /// Bytes of JSON, of the items written.
    package var jsonBytesWritten = 0
    package var readUnits = 0.0
    /// Of the other side, where a source reads there too.
    package var readUnitsElsewhere = 0.0
    package var writeUnits = 0.0
    package var scans = 0
    package var writes = 0
    /// Bytes of replies to reads, inflated, and of the bodies of batches.
    package var bytesRead = 0
    package var bytesSent = 0
    /// Requests that were throttled as a whole.
    package var scansThrottled = 0
    package var writesThrottled = 0
    /// Items that came back unprocessed, and items that were sent again for any reason.
    package var itemsUnprocessed = 0
    package var itemsRetried = 0
    /// Requests that failed otherwise and were repeated.
    package var requestsFailed = 0
    /// Those that earlier runs of the job finished included.
    package var segmentsFinished = 0

    package init() {}

    /// Items that are settled: nothing is left to be done about them.
    package var itemsSettled: Int {
        itemsWritten + itemsDeleted + deadLetters + itemsLeftOut + itemsKept + itemsEqual
            + itemsPassed + itemsChanged
    }

    /// These, and those of earlier runs of the same job.
    package func after(_ earlier: FlowCounters) -> FlowCounters {
        var sum = self
        for path in Self.summed { sum[keyPath: path] += earlier[keyPath: path] }
        sum.readUnits += earlier.readUnits
        sum.readUnitsElsewhere += earlier.readUnitsElsewhere
        sum.writeUnits += earlier.writeUnits
        return sum
    }

    private static let summed: [WritableKeyPath<FlowCounters, Int> & Sendable] = [
        \.itemsRead, \.itemsWritten, \.itemsDeleted, \.deadLetters, \.itemsLeftOut,
        \.itemsMissing,
        \.itemsRewritten, \.itemsKept, \.itemsPassed, \.itemsChanged,
        \.itemsEqual, \.itemsChanging, \.itemsOnlyInTarget,
        \.storedBytesWritten, \.jsonBytesWritten,
        \.scans, \.writes, \.bytesRead, \.bytesSent, \.scansThrottled, \.writesThrottled,
        \.itemsUnprocessed, \.itemsRetried, \.requestsFailed,
    ]

    /// Takes in a page that arrived.
    mutating func count(
        _ page: ArrivedPage, _ arrival: PartitionReader.Arrival, isWritten: Bool
    ) {
        readUnits += arrival.units
        readUnitsElsewhere += arrival.elsewhere
        itemsRead += page.count
        itemsLeftOut += page.leftOut.count + page.itemsHidden
        itemsMissing += page.itemsMissing
        itemsRewritten += page.rewritten
        bytesRead += page.replyBytes
        if !isWritten {
            itemsPassed +=
                page.count - page.leftOut.count - page.refused.count - page.itemsHidden
        }
    }

    /// Adds the outcome of a batch.
    mutating func count(_ batch: Batch, _ fates: BatchFates, units: Double) {
        itemsKept += fates.keptItems
        itemsChanged += fates.changedItems
        itemsDeleted += fates.deletedItems
        itemsWritten +=
            batch.items.count - fates.refused.count - fates.keptItems - fates.changedItems
            - fates.deletedItems
        storedBytesWritten +=
            fates.taken.storedBytes - fates.kept.storedBytes - fates.deleted.storedBytes
        jsonBytesWritten +=
            fates.taken.jsonBytes - fates.kept.jsonBytes - fates.deleted.jsonBytes
        writeUnits += units
        itemsUnprocessed += fates.refused.count
    }
}
