import DynamoModel
import Pacing
import System

/// What became of the records of an import.
struct ImportTally: Sendable {
    /// A record that was not imported.
    struct Fault: Equatable, Sendable {
        let key: ObjectKey
        /// The record's place in its object, from 0.
        let index: Int
        let message: String
        /// Its attributes as they came, where it has such.
        var item: [UInt8]?
    }

    var processed = 0
    var imported = 0
    /// Of the objects, inflated.
    var bytes = 0
    /// Of the objects as they are stored.
    var storedBytes = 0
    /// What the items that were imported weigh, as DynamoDB counts.
    var itemBytes = 0
    var faults: [Fault] = []
}

/// Which item stays of several that have one key.
enum DuplicateRule {
    /// It is drawn (developer guide, "Import format quotas and validation").
    case drawn(seed: UInt64)
    case lastWins
}

/// Puts the items of objects into a table, free of charge.
struct ItemLoader: ~Copyable {
    private let table: Table
    private let reader: InputReader
    private let layout: TableLayout
    private var encoder: ItemEncoder
    /// Draws which item stays; nil when the last one does.
    private var generator: SeededGenerator?
    private(set) var tally: ImportTally

    /// - Parameter tally: what is counted on.
    init(
        _ table: Table, _ form: InputForm, _ duplicates: DuplicateRule, keepsNumbers: Bool,
        tally: ImportTally = ImportTally()
    ) {
        self.tally = tally
        self.table = table
        layout = table.layout
        var types: [String: ScalarType] = [:]
        for attribute in table.definition.attributes { types[attribute.name] = attribute.type }
        reader = InputReader(form: form, keyTypes: types, schema: layout.schema)
        encoder = ItemEncoder(keepsNumbers: keepsNumbers)
        if case .drawn(let seed) = duplicates { generator = SeededGenerator(seed: seed) }
    }

    /// Loads an object. What can't be loaded is in the tally.
    mutating func load(_ content: ByteBuffer, of key: ObjectKey) {
        let inflated: ByteBuffer
        tally.storedBytes += content.count
        do throws(ObjectInflation.Flaw) {
            inflated = try ObjectInflation.bytes(of: content, reader.form.compression)
        } catch {
            tally.bytes += content.count
            count(ImportTally.Fault(key: key, index: 0, message: error.reason))
            return
        }
        tally.bytes += inflated.count
        var index = 0
        let reader = reader
        withExtendedLifetime(inflated) {
            reader.forEachRecord(in: inflated.bytes) { record in
                defer { index += 1 }
                return take(record, at: index, of: key)
            }
        }
    }

    private mutating func count(_ fault: ImportTally.Fault) {
        tally.processed += 1
        tally.faults.append(fault)
    }

    /// Returns whether the rest of the object is to be read.
    private mutating func take(_ record: InputRecord, at index: Int, of key: ObjectKey) -> Bool {
        switch record {
        case .defect(let reason):
            count(ImportTally.Fault(key: key, index: index, message: reason))
            return false
        case .attributes(let bytes):
            do throws(ServiceError) {
                try put(bytes)
                tally.processed += 1
                tally.imported += 1
                return true
            } catch {
                // JSON of another shape is no item; what breaks a rule is one that is refused.
                let isItem = error.namespace == .validation
                let message = error.message ?? "The line is not in the format of the import"
                let shown = isItem ? Array(bytes) : nil
                count(ImportTally.Fault(key: key, index: index, message: message, item: shown))
                return isItem
            }
        }
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        encoder.removeAll()
        var reader = WireReader(bytes)
        let item = try encoder.attributes(&reader, layout: layout)
        let key = try encoder.key(of: item, layout: layout, wording: .detailed)
        tally.itemBytes += item.size
        if generator != nil {
            let spelled = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[key.bytes])
            let hasOther = table.itemLock.reading { table.store.record(key.hash, spelled) != nil }
            if hasOther, (generator?.next() ?? 0) & 1 == 1 { return }
        }
        table.place(PendingWrite(kind: .put, item: item, key: key), from: encoder)
    }
}
