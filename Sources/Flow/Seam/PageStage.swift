/// Looks at each page once, on its way from the source: expiry, digests.
///
/// Deterministic, and it never waits. A bad item is a verdict; what makes the page useless, so that
/// it must be asked for again, is thrown. Pages of one flow are seen one after the other.
package protocol PageStage: Sendable {
    /// It decodes items: the flow has it, and the stages beside it, work on a queue of their own.
    var isHeavy: Bool { get }

    /// Bytes to be set aside beside a page of so many items.
    func growth(items: Int) -> Int

    /// It writes items anew, behind those that came: twice as many bytes are set aside as for the
    /// reply.
    /// What does not fit into these is thrown as ``FlowFailure/Remedy/split``; one item always is
    /// taken.
    var writesAnew: Bool { get }

    func apply(to page: inout Page) throws(FlowFailure)
}

extension PageStage {
    package var isHeavy: Bool { false }
    package var writesAnew: Bool { false }
}

/// Sums that agree with the cursors. It belongs to the flow's queue from the start to the end.
///
/// Where the sink has units, what has passed into one counts once that is sealed: `state` must not
/// have it before.
package protocol SettledFold: AnyObject, Sendable {
    /// Called once for every item, in the order of its partition, when the item and all before it
    /// are settled, and before the page's bytes are released.
    ///
    /// Where the sink has units it is settled there when it has been taken, and comes with the unit
    /// that the partition's cursor will pass it with.
    func passed(_ items: Range<Int>, of page: Page, in unit: UnitID?)

    /// The partition's cursor passes what has passed into this unit.
    func sealed(_ unit: UnitID)

    /// What is to be kept with these partitions' cursors, of the same instant.
    func state(of partitions: [PartitionRecord]) -> any Sendable
}

extension SettledFold {
    package func sealed(_ unit: UnitID) {}
}
