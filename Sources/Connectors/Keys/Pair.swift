import DynamoModel
import Flow
import System

/// What two digests say of an item; nil where it is not there.
package struct PairState: Equatable, Sendable {
    package var source: UInt128?
    package var target: UInt128?

    package var isEqual: Bool { source == target }
}

/// An item that is said to differ, and is to be looked at by its key.
package struct AskedPair: Sendable {
    package var difference: KeyDifference
    /// As it was found last.
    package var last: PairState
    /// The target is said to have none, and is not asked: the condition of the write finds out.
    package var trustsAbsence: Bool

    /// - Parameter trustsAbsence: of a target that has none.
    package init(_ difference: KeyDifference, trustsAbsence: Bool) {
        self.difference = difference
        last = PairState(source: difference.source?.item, target: difference.target?.item)
        self.trustsAbsence = trustsAbsence && last.target == nil
    }
}

/// An item as it is on both sides now.
package struct Pair: Sendable {
    package var asked: AskedPair
    package var now: PairState
    package var source: ItemSlice?
    package var target: ItemSlice?
    /// It is on one side only, past its time to live.
    package var isPast = false
    /// The source has it, but it can't be changed as it is to be.
    package var isUnchangeable = false

    /// What is reported of it where nothing is done about it.
    package var kind: VerifyFinding.Kind {
        if isPast { return .pastTTL }
        return source == nil ? .onlyInTarget : target == nil ? .onlyInSource : .different
    }

    /// It stands as it stood when it was looked at last.
    package var isConfirmed: Bool { now == asked.last }
}

/// The pairs of a page, made by ``PairSource``: parallel to its items.
package struct PagePairs: Sendable {
    package var pairs: [Pair]
}
