import Connectors
import DynamoModel
import Flow

/// Keeps the progress of one table that is copied.
package final class JobJournal: FlowJournal, @unchecked Sendable {
    // @unchecked: what changes is touched by `save` only, of which one comes after the other.
    private let keeper: JobKeeper
    private let table: Int
    private let schema: KeySchema
    private let matches: PlaceMatches?
    /// Items before the cursor of each partition that has one, or is finished.
    private var items: [Partition: Int]
    private var itemsDone: Int

    /// - Parameter keys: of what is written; nil: those of the source.
    /// - Parameter matches: of places that changes name.
    package init(
        _ keeper: JobKeeper, table: Int, of open: OpenTable, keys: KeySchema? = nil,
        matches: PlaceMatches? = nil
    ) {
        self.matches = matches
        self.keeper = keeper
        self.table = table
        schema = keys ?? open.record.schema
        items = Dictionary(uniqueKeysWithValues: open.segments.map { ($0.partition, $0.items) })
        itemsDone = items.values.reduce(0, +)
    }

    package func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        for record in entry.partitions {
            itemsDone +=
                record.items - (items.updateValue(record.items, forKey: record.partition) ?? 0)
        }
        keeper.save(
            { [schema, matches] () throws(JobError) in
                var save = TableSave(partitions: entry.partitions)
                save.files = try entry.units.map { unit throws(JobError) in
                    guard let file = DataFile(stored: unit.bytes) else {
                        throw JobError("what was kept of \(unit.unit) is no file")
                    }
                    return file
                }
                save.letters = try DeadLetter.all(of: entry, schema: schema)
                save.digests = entry.folds.lazy.compactMap { $0 as? DigestState }.first
                    .map { (0, $0) }
                save.placesMet = matches?.found
                save.origins =
                    entry.folds.lazy.compactMap { $0 as? KeyOrigins }.first ?? KeyOrigins()
                return save
            }, ofTable: table,
            update: { [itemsDone] now, earlier in
                now.take(entry.progress, after: earlier, itemsDone: itemsDone)
                now.itemsAhead = entry.itemsAhead
            }, completion: completion)
    }
}
