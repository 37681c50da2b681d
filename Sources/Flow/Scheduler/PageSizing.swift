import System

/// Decides how many items a page is asked to hold and how much memory is set aside for its reply.
///
/// Many open partitions share the page pool, so pages are small: a limit is what fits the share of
/// one. How long items are in a reply is learnt from the pages that arrive. A reply that does not
/// fit its reserve is not kept, and the page is asked for again with what it was found to need; so
/// a guess that was too low costs a request and never memory.
package struct PageSizing: Sendable {
    package struct Plan: Equatable, Sendable {
        /// Items at most, 1 or more.
        package var limit: Int
        /// Bytes of reply that will be kept.
        package var reserve: Int
    }

    private let shape: PageShape
    /// Bytes of reply wanted in a page, and all that one page may ever take.
    private let pageBytes: Int
    private let poolBytes: Int
    /// Means over the last pages: bytes of reply and stored bytes of one item. Zero: not yet
    /// learnt.
    private var jsonBytes = 0.0
    private var storedBytes = 0.0
    /// Most bytes of reply an item of one page had on average, falling slowly: pages differ.
    private var jsonBytesPeak = 0.0

    /// Pages of a partition, where none costs units.
    private static let pagesOfEach = 4
    /// Share of the pool that one page may take while nothing is known of the items.
    private static let unlearntShare = 8
    private static let unlearntLimit = 2
    /// Part of the reserve that stands ready for items longer than the mean.
    private static let margin = 1.3
    private static let learningRate = 0.2

    /// Whether the means are of pages that arrived, not of what the table reports.
    private var isLearnt = false
    /// Bytes of reply of a stored byte, for a first guess where only stored bytes are reported.
    private static let jsonPerStoredGuess = 2.5

    package init(
        _ shape: PageShape, poolBytes: Int, openPartitions: Int, itemBytesReported: Int? = nil
    ) {
        precondition(
            poolBytes >= shape.replyBytesMax(items: 1),
            "\(poolBytes.counted("byte")) can't hold a page")
        self.shape = shape
        self.poolBytes = poolBytes
        if let itemBytesReported {
            storedBytes = Double(itemBytesReported)
            jsonBytes = storedBytes * Self.jsonPerStoredGuess
        }
        // A quarter more than one page a partition: some are on their way while others are drained.
        // Where pages cost nothing several of each are held, so that none runs dry while another's
        // memory is waited for.
        let pages = shape.unit > 0 ? openPartitions * 5 / 4 : openPartitions * Self.pagesOfEach
        pageBytes = max(64 * 1024, poolBytes / max(1, pages))
    }

    /// Stored bytes that a page of `limit` items is expected to hold, for its read units.
    func storedBytesExpected(limit: Int) -> Int {
        let item = storedBytes > 0 ? storedBytes : 1024
        return min(Int(clamping: Double(limit) * item), shape.pageBytesMax)
    }

    /// A page that costs units is as large as memory allows: each one's are rounded up, so small
    /// pages would cost what a limit is to save. The limit says when it is asked for.
    /// - Parameter storedBytesMax: where units come so slowly that a page would be waited for for
    ///   too long.
    package func plan(storedBytesMax: Double = .infinity) -> Plan {
        guard jsonBytes > 0 else {
            let limit = min(Self.unlearntLimit, shape.itemsMax)
            return Plan(
                limit: limit,
                reserve: min(poolBytes / Self.unlearntShare, shape.replyBytesMax(items: limit)))
        }
        let fitting = min(
            Double(pageBytes) / (jsonBytes * Self.margin), storedBytesMax / max(storedBytes, 1))
        let limit = min(max(1, Int(clamping: fitting)), shape.itemsMax)
        // No page holds more stored bytes than its source gives, however large the limit.
        let items = min(
            Double(limit), Double(shape.pageBytesMax) / max(storedBytes, 1) + 1)
        let reserve = Int(clamping: items * max(jsonBytes, jsonBytesPeak) * Self.margin)
        return Plan(limit: limit, reserve: fit(reserve, limit: limit))
    }

    private func fit(_ reserve: Int, limit: Int) -> Int {
        min(reserve + shape.envelope, shape.replyBytesMax(items: limit), poolBytes)
    }

    /// What to ask for when a page asked for by `plan` came in `bytes`, which was too long, or
    /// could not be kept for another reason (nil).
    /// - Returns: nil when not even one item of the largest size would be that long.
    package func plan(after plan: Plan, tooLong bytes: Int?) -> Plan? {
        if let bytes {
            let needed = bytes + bytes / 8
            if needed <= poolBytes / 2 { return Plan(limit: plan.limit, reserve: needed) }
        }
        guard plan.limit > 1 else {
            let most = min(poolBytes, shape.replyBytesMax(items: 1))
            return plan.reserve >= most ? nil : Plan(limit: 1, reserve: most)
        }
        let limit = plan.limit / 2
        return Plan(limit: limit, reserve: min(poolBytes / 2, shape.replyBytesMax(items: limit)))
    }

    package mutating func learn(items: Int, jsonBytes page: Int, storedBytes stored: Int) {
        guard items > 0 else { return }
        let json = Double(page) / Double(items)
        let stored = Double(stored) / Double(items)
        guard isLearnt else {
            isLearnt = true
            (jsonBytes, storedBytes, jsonBytesPeak) = (json, stored, json)
            return
        }
        jsonBytes += (json - jsonBytes) * Self.learningRate
        storedBytes += (stored - storedBytes) * Self.learningRate
        jsonBytesPeak = max(json, jsonBytesPeak * 0.98)
    }
}
