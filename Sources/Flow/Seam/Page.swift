import DynamoModel
import System

/// What one read of a partition is to bring.
package struct PageRequest: Equatable, Sendable {
    package var partition: Partition
    /// nil: from its start.
    package var after: Cursor?
    package var itemsMax: Int
    /// Bytes that the page's buffer may come to hold.
    package var bytesMax: Int

    package init(partition: Partition, after: Cursor?, itemsMax: Int, bytesMax: Int) {
        self.partition = partition
        self.after = after
        self.itemsMax = itemsMax
        self.bytesMax = bytesMax
    }
}

/// Items of one partition that lie one behind the other, as they came. Arrays below ``items`` are
/// parallel to it, or empty.
///
/// Item numbers never change: stages and outcomes mark items; nothing adds, moves or removes one.
/// So cursors and sums are those of what was read, whatever became of it.
package struct Page: Sendable {
    package var request: PageRequest
    /// Lent by the flow, which set its memory aside before it asked. Followed by
    /// `ByteBuffer/paddingBytes` readable zero bytes.
    package var buffer: ByteBuffer
    package var items: [ItemSlice] = []
    /// Sum of the items' sizes as the service counts them.
    package var storedBytes = 0
    /// Bytes of the reply, before anything is written behind them; 0: all that there are.
    package var replyBytes = 0
    /// Items that the source only counted, where only their number was asked for.
    package var itemsCounted = 0
    /// Items that the source has read and left out by itself, as it was asked to.
    package var itemsHidden = 0
    /// Of these: those that it was to bring and does not have.
    package var itemsMissing = 0
    /// What is to be done with each; empty: all are put.
    package var operations: [Operation] = []
    /// What the target had in place of each (nil: nothing), where its write is on the condition
    /// that this is so still; empty: they are written whatever stands there.
    package var before: [ItemSlice?] = []
    /// What stages say of each item; empty: all are to be written.
    package var verdicts: [Verdict] = []
    /// What is written in place of each, in the same buffer; empty: they are written as they came.
    package private(set) var replaced: [ItemSlice] = []
    /// Items that are written otherwise than they came.
    package private(set) var replacedCount = 0
    /// Which of the items that were read each has come of, in order: a cursor may lie behind the
    /// last of those alone that come of one. Empty: each is one that was read.
    package private(set) var groups: [Int] = []
    /// What dead letters say of items that must not be shown as they came, by item.
    package var letters: [Int: PageLetter] = [:]
    /// What stages have made of the page for folds and sinks, each under its own type.
    package var made: [any Sendable] = []
    package var next = Next.end
    /// Units that it took, as reported; nil where nothing is reported.
    package var units: Double?
    /// The same of the other side, for a source that reads there too.
    package var unitsElsewhere: Double?
    /// Its units have been waited for before the flow began.
    package var isPaid = false

    package init(_ request: PageRequest, in buffer: ByteBuffer) {
        self.request = request
        self.buffer = buffer
    }

    package enum Next: Equatable, Sendable {
        /// Where the page behind it begins: not always behind its last item.
        case more(Cursor)
        /// Nothing follows in its partition.
        case end
    }

    /// What a stage has made of it.
    package func made<Value>(_: Value.Type) -> Value? {
        for value in made {
            if let value = value as? Value { return value }
        }
        return nil
    }

    /// Leaves an item out; it counts as settled.
    package mutating func leaveOut(_ item: Int, _ reason: LeftOut) {
        set(.leaveOut(reason), item)
    }

    /// Has an item be a dead letter.
    package mutating func refuse(_ item: Int, _ failure: FlowFailure) {
        set(.refuse(failure), item)
    }

    /// What is written of an item: all that comes after a stage that has changed it sees this.
    package func written(_ item: Int) -> ItemSlice {
        replaced.isEmpty ? items[item] : replaced[item]
    }

    /// Has something else be written in an item's place.
    /// - Parameter slice: of the page's own buffer, behind what came.
    package mutating func replace(_ item: Int, with slice: ItemSlice) {
        write(item, as: slice)
        replacedCount += 1
    }

    private mutating func write(_ item: Int, as slice: ItemSlice) {
        if replaced.isEmpty { replaced = items }
        replaced[item] = slice
    }

    package func isDelete(_ item: Int) -> Bool {
        !operations.isEmpty && operations[item] == .delete
    }

    /// Has an item be deleted, and not put.
    /// - Parameter key: its key, of the page's own buffer; its size is what the delete is taken to
    ///   cost.
    package mutating func delete(_ item: Int, key: ItemSlice) {
        if operations.isEmpty { operations = Array(repeating: .put, count: items.count) }
        operations[item] = .delete
        if written(item) != key { write(item, as: key) }
    }

    /// An item of a page, and what is to be done with it.
    package struct Outcome: Sendable {
        package var slice: ItemSlice
        package var verdict = Verdict.write
        package var letter: PageLetter?

        package init(
            _ slice: ItemSlice, _ verdict: Verdict = .write, letter: PageLetter? = nil
        ) {
            (self.slice, self.verdict, self.letter) = (slice, verdict, letter)
        }
    }

    /// Has other items stand in place of those that were read.
    /// - Parameters:
    ///   - outcomes: one at least for each item, in order, with its number.
    ///   - rewritten: how many of them are written otherwise than they came.
    package mutating func become(_ outcomes: [(item: Int, Outcome)], rewritten: Int) {
        items = outcomes.map(\.1.slice)
        verdicts = outcomes.map(\.1.verdict)
        groups = outcomes.map(\.item)
        letters = [:]
        for (index, outcome) in outcomes.enumerated() {
            if let letter = outcome.1.letter { letters[index] = letter }
        }
        (replaced, replacedCount) = ([], rewritten)
    }

    /// The item that was read that one has come of.
    package func origin(of item: Int) -> Int { groups.isEmpty ? item : groups[item] }

    /// Whether a source or a stage has found it to be no item.
    package func isRefused(_ item: Int) -> Bool {
        if !verdicts.isEmpty, case .refuse = verdicts[item] { true } else { false }
    }

    /// Whether nothing is to know of it, sums neither.
    package func isNone(_ item: Int) -> Bool {
        guard !verdicts.isEmpty else { return false }
        switch verdicts[item] {
        case .refuse, .leaveOut(.unwanted), .leaveOut(.superseded), .leaveOut(.unchangeable):
            return true
        case .write, .leaveOut: return false
        }
    }

    private mutating func set(_ verdict: Verdict, _ item: Int) {
        if verdicts.isEmpty { verdicts = Array(repeating: .write, count: items.count) }
        verdicts[item] = verdict
    }
}

/// What a dead letter has in place of an item: its key, as JSON, and JSON that stands for it.
package struct PageLetter: Equatable, Sendable {
    package var key: [UInt8]
    package var item: [UInt8]

    package init(key: [UInt8], item: [UInt8]) {
        self.key = key
        self.item = item
    }
}

/// How an item is written.
package enum Operation: Equatable, Sendable {
    case put
    /// The item of its key.
    case delete
}

/// What is to be done with an item.
package enum Verdict: Equatable, Sendable {
    case write
    /// It is not to be written, and is settled so.
    case leaveOut(LeftOut)
    /// It is no item that can be written: a dead letter.
    case refuse(FlowFailure)
}

/// Why an item is not written.
package enum LeftOut: Equatable, Sendable {
    /// Its time to live has passed.
    case expired
    /// Nothing is left to be found out about it.
    case equal
    /// One of its key comes further on.
    case superseded
    /// It was not asked for.
    case unwanted
    /// It can't be changed as it is to be, and is not wanted then.
    case unchangeable
    /// It is no item, and the files are only checked: the copy refuses it.
    case unreadable
}
