import AWS
import DynamoModel
import Pacing

/// A batch in flight, by slot.
package struct BatchID: Hashable, Sendable {
    package let slot: Int
}

/// What ``CopyScheduler`` asks its driver to do.
package enum CopyAction: Equatable, Sendable {
    /// Ask for the next page of a segment: after the last key that arrived for it, or from its
    /// start. A reply longer than `replyBytesMax` is not to be kept.
    case scan(segment: Int, limit: Int, replyBytesMax: Int)
    /// Put these items, in a body of at most `bodyBytesMax`; a longer reply is not to be kept.
    case write(BatchID, [BatchItem], bodyBytesMax: Int)
    /// Nothing needs the page's bytes any more.
    case release(page: Int)
    /// Make this durable, as a whole or not at all, then say so.
    case save(CopySave)
    /// Say when units of the limit over all copies, for one request, are there. One claim a side
    /// is open at a time.
    case claim(CopySide, units: Double)
    /// Tell that limit what came of a grant; 0 gives it back.
    case settle(CopySide, SharedBucket.Grant, consumed: Double)
    /// Say that time has passed, then.
    case wake(Instant)
    /// The copy has ended; nothing is in flight that matters.
    case finish(CopyOutcome)
}

/// How a copy ended.
package enum CopyOutcome: Equatable, Sendable {
    /// Every item is in the target, or a dead letter.
    case completed
    /// Stopped when asked to.
    case stopped
    case failed(CopyFailure)
}

/// A page that arrived whole.
package struct ArrivedPage: Equatable, Sendable {
    package var items: [ItemSlice]
    /// Sum of the items' sizes as the service counts them.
    package var storedBytes: Int
    /// Bytes of the reply, and bytes that keeping it takes.
    package var replyBytes: Int
    package var heldBytes: Int
    /// Nothing follows it in its segment.
    package var isLast: Bool
    /// Positions, in order, of items that are not to be copied.
    package var leftOut: [Int]
    /// As the server reports; nil where it reports nothing.
    package var readUnits: Double?
    /// Its units have been taken of limits over several copies before (``KeptReply``).
    package var isPaid = false

    package init(
        items: [ItemSlice], storedBytes: Int, replyBytes: Int, heldBytes: Int, isLast: Bool,
        leftOut: [Int] = [], readUnits: Double? = nil
    ) {
        self.items = items
        self.storedBytes = storedBytes
        self.replyBytes = replyBytes
        self.heldBytes = heldBytes
        self.isLast = isLast
        self.leftOut = leftOut
        self.readUnits = readUnits
    }
}

/// A batch that was answered: what of it was left unwritten, as positions in the batch.
package struct AnsweredBatch: Equatable, Sendable {
    package var unprocessed: [Int]
    /// Items in whose place the target has another one, which stays.
    package var kept: [Int]
    /// As the server reports; nil where it reports nothing.
    package var consumed: ConsumedUnits?
    package var roundTrip: Duration

    package init(
        unprocessed: [Int], kept: [Int] = [], consumed: ConsumedUnits? = nil,
        roundTrip: Duration = .zero
    ) {
        self.unprocessed = unprocessed
        self.kept = kept
        self.consumed = consumed
        self.roundTrip = roundTrip
    }
}

/// A request that failed, or a copy: what happened, in the service's words, and what to do.
package struct CopyFailure: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// As an ``AWSError`` says.
        case remedy(AWSError.Remedy)
        /// The reply was longer than what was set aside for it; this many bytes.
        case tooLong(Int)
    }

    package var kind: Kind
    /// The service's name of it: `ValidationException`.
    package var code: String
    package var message: String
    package var hint: String?
    /// The request may have been executed all the same.
    package var isOutcomeUnknown: Bool
    /// The endpoint has only ever answered this operation as one that lacks it.
    package var lacksOperation = false
    /// The reply was whole and well-formed, and made no sense.
    package var isAbsurd = false

    package init(
        _ kind: Kind, code: String, message: String, hint: String? = nil,
        isOutcomeUnknown: Bool = false
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
        self.isOutcomeUnknown = isOutcomeUnknown
    }
}

/// How far a segment's items are safe in the target.
package enum SegmentPosition: Equatable, Sendable {
    /// The first items of a page, and all pages before it; at least one item.
    case within(page: Int, items: Int)
    /// Every page that has been released; the next page has no safe item yet.
    case afterReleased
}

/// How far a segment has come, counted from its start, earlier runs of the job included.
package struct SegmentProgress: Equatable, Sendable {
    package var segment: Int
    /// nil: it is finished.
    package var position: SegmentPosition?
    /// Items before the position, and their sizes as the service counts them.
    package var items: Int
    package var bytes: Int

    package init(segment: Int, position: SegmentPosition?, items: Int, bytes: Int) {
        self.segment = segment
        self.position = position
        self.items = items
        self.bytes = bytes
    }
}

/// An item that the target refuses for good, and why.
package struct RefusedItem: Equatable, Sendable {
    package var item: BatchItem
    package var failure: CopyFailure
}

/// Progress to be made durable.
package struct CopySave: Equatable, Sendable {
    /// The segments that have come further since the last save.
    package var segments: [SegmentProgress]
    package var deadLetters: [RefusedItem]

    package var isEmpty: Bool { segments.isEmpty && deadLetters.isEmpty }
}

/// What a copy has done so far.
package struct CopyCounters: Equatable, Sendable {
    package var itemsRead = 0
    package var itemsWritten = 0
    package var deadLetters = 0
    /// Items that were not to be copied: those that had expired.
    package var itemsLeftOut = 0
    /// Items that were not put, since the target has one of the same key that was to stay.
    package var itemsKept = 0
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
    package var writeUnits = 0.0
    package var scans = 0
    package var writes = 0
    /// Bytes of replies to Scans, inflated, and of the bodies of batches.
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
        itemsWritten + deadLetters + itemsLeftOut + itemsKept + itemsEqual
    }

    /// These, and those of earlier runs of the same job.
    package func after(_ earlier: CopyCounters) -> CopyCounters {
        var sum = self
        for path in Self.summed { sum[keyPath: path] += earlier[keyPath: path] }
        sum.readUnits += earlier.readUnits
        sum.writeUnits += earlier.writeUnits
        return sum
    }

    private static let summed: [WritableKeyPath<CopyCounters, Int> & Sendable] = [
        \.itemsRead, \.itemsWritten, \.deadLetters, \.itemsLeftOut, \.itemsKept,
        \.itemsEqual, \.itemsChanging, \.itemsOnlyInTarget,
        \.storedBytesWritten, \.jsonBytesWritten,
        \.scans, \.writes, \.bytesRead, \.bytesSent, \.scansThrottled, \.writesThrottled,
        \.itemsUnprocessed, \.itemsRetried, \.requestsFailed,
    ]
}

/// What holds a copy back now.
package enum CopyHold: String, Equatable, Sendable {
    case writeLimit = "write limit"
    case readLimit = "read limit"
    case sharedWriteLimit = "write limit of all tables"
    case sharedReadLimit = "read limit of all tables"
    case sourcePages = "source pages"
    case sourceThrottled = "throttled by source"
    case targetThrottled = "throttled by target"
    case targetReplies = "target replies"
    case memory = "memory"
    case paused = "paused"
    case sourceUnreachable = "source does not answer"
    case targetUnreachable = "target does not answer"

    /// Of all copies of the job alike.
    package var isShared: Bool { self == .sharedReadLimit || self == .sharedWriteLimit }
}
