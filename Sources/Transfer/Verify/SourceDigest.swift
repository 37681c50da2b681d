import Connectors
import DynamoModel
import Flow
import Jobs

/// What a source adds up to while it is copied, so that only the target is read to verify the copy.
struct SourceDigest {
    let fold: DigestFold
    let key: DigestKey

    /// - Parameters:
    ///   - open: how far earlier runs have come.
    ///   - items: that the source is said to have.
    /// - Returns: nil where a part of it was copied without.
    static func kept(
        by keeper: JobKeeper, ofTable table: Int, _ side: ComparedSide, _ open: OpenTable,
        items: Int
    ) throws(JobError) -> SourceDigest? {
        let count = side.partCount(segments: open.record.segments)
        let numbers = side.numbers
        // A run without a digest has moved cursors that the sums know nothing of.
        let cursors = Dictionary(
            open.segments.map { (numbers($0.partition) ?? -1, $0.cursor?.bytes) },
            uniquingKeysWith: { first, _ in first })
        if let state = try keeper.verifyState(ofTable: table),
            state.source.fits(segments: count), !state.source.buckets.isEmpty,
            Dictionary(uniqueKeysWithValues: state.source.segments.map { ($0.segment, $0.cursor) })
                == cursors
        {
            let sums = TableSums(state.source, segments: count)
            return SourceDigest(fold: DigestFold(sums, number: numbers), key: state.key)
        }
        let state = try keeper.beginVerify(table: table)
        guard cursors.isEmpty else { return nil }
        let buckets = TableSums.buckets(forItems: max(items, 1 << 18))
        let sums = TableSums(buckets: min(buckets, DigestFold.bucketsMax), segments: count)
        return SourceDigest(fold: DigestFold(sums, number: numbers), key: state.key)
    }

    /// Adds it to a flow.
    func add(to parts: inout FlowParts, schema: KeySchema) {
        parts.stages.append(DigestStage(schema: schema, key: key))
        parts.folds.append(fold)
    }
}
