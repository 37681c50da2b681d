import Dispatch
import DynamoModel
import Flow
import JSON
import System

/// Reports each item that differs, once it is known what became of it; and has those written that
/// are to be repaired.
///
/// What has changed since it was looked at last is looked at once more, in another round; in the
/// last one it is reported as changing.
package final class FindingSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`, and after the flow has ended.

    /// What is to be repaired, and by what.
    package struct RepairPlan: Sendable {
        package var sink: any BatchSink
        package var deletesExtra: Bool

        package init(_ sink: any BatchSink, deletesExtra: Bool) {
            self.sink = sink
            self.deletesExtra = deletesExtra
        }
    }

    package let shape: BatchShape
    private let mending: RepairPlan?
    private let isLastRound: Bool
    private let tell: @Sendable (VerifyFinding) throws(FlowFailure) -> Void
    /// Where findings are reported.
    private let queue: DispatchQueue
    /// To be looked at in another round.
    package private(set) var unsettled: [AskedPair] = []

    /// More items that change all the while than this are not looked at again.
    private static let unsettledMax = 100_000

    /// - Parameters:
    ///   - mending: nil: nothing is written.
    ///   - isSlow: a report may wait, for a disk for instance: findings are reported on a queue of
    ///     their own, not on the flow's.
    ///   - flowQueue: where answers mostly come in.
    ///   - tell: is called for one after the other.
    package init(
        _ mending: RepairPlan?, isLastRound: Bool, isSlow: Bool,
        on flowQueue: DispatchQueue,
        tell: @escaping @Sendable (VerifyFinding) throws(FlowFailure) -> Void
    ) {
        self.mending = mending
        self.isLastRound = isLastRound
        self.tell = tell
        queue = isSlow ? DispatchQueue(label: "verify.findings") : flowQueue
        shape = mending?.sink.shape ?? .inPlace(itemsMax: 25)
        queue.setSpecific(key: Self.current, value: ObjectIdentifier(self))
    }

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        guard let mending, batch.count == 1, isMendable(pair(of: batch[0])) else {
            return onQueue { [self] in done(toldOnly(batch)) }
        }
        let item = batch[0]
        mending.sink.write(batch) { [self] result in
            onQueue { [self] in done(answered(of: item, result)) }
        }
    }

    /// At once where it is called there already, as by most answers.
    private func onQueue(_ body: @escaping @Sendable () -> Void) {
        if DispatchQueue.getSpecific(key: Self.current) == ObjectIdentifier(self) {
            body()
        } else {
            queue.async(execute: body)
        }
    }

    private static let current = DispatchSpecificKey<ObjectIdentifier>()

    private func pair(of item: BatchItem) -> Pair {
        guard let made = item.made(PagePairs.self) else {
            preconditionFailure("an item of no pair")
        }
        return made.of.pairs[made.item]
    }

    private func isMendable(_ pair: Pair) -> Bool {
        switch pair.kind {
        case .different, .onlyInSource: true
        case .onlyInTarget: mending?.deletesExtra == true && !pair.isUnchangeable
        case .pastTTL, .changing: false
        }
    }

    /// Nothing is done about these items.
    private func toldOnly(_ batch: [BatchItem]) -> Result<BatchReply, FlowFailure> {
        var exceptions: [BatchReply.Exception] = []
        do throws(FlowFailure) {
            for (position, item) in batch.enumerated() {
                let pair = pair(of: item)
                exceptions.append(.init(position, .kept))
                if pair.isConfirmed {
                    try tell(finding(pair, item, pair.kind))
                } else {
                    try lookAgain(pair, item)
                }
            }
        } catch {
            return .failure(error)
        }
        return .success(BatchReply(exceptions, isCharged: false))
    }

    /// Something was to be done about an item.
    private func answered(
        of item: BatchItem, _ result: Result<BatchReply, FlowFailure>
    ) -> Result<BatchReply, FlowFailure> {
        let pair = pair(of: item)
        do throws(FlowFailure) {
            switch result {
            case .success(let reply) where reply.exceptions.isEmpty:
                var finding = finding(pair, item, pair.kind)
                finding.repair = pair.source == nil ? .deleted : .written
                try tell(finding)
            case .success(let reply) where reply.exceptions[0].outcome == .changed:
                try lookAgain(pair, item)
            case .failure(let failure) where failure.remedy == .split:
                var finding = finding(pair, item, pair.kind)
                finding.repair = .refused(
                    DeadLetter(
                        code: failure.code, reason: failure.message, key: finding.key,
                        item: finding.source ?? finding.key))
                try tell(finding)
            case .success, .failure: break
            }
        } catch {
            return .failure(error)
        }
        return result
    }

    private func lookAgain(_ pair: Pair, _ item: BatchItem) throws(FlowFailure) {
        guard !isLastRound, unsettled.count < Self.unsettledMax else {
            return try tell(finding(pair, item, .changing))
        }
        var asked = pair.asked
        (asked.last, asked.trustsAbsence) = (pair.now, false)
        unsettled.append(asked)
    }

    private func finding(
        _ pair: Pair, _ item: BatchItem, _ kind: VerifyFinding.Kind
    ) -> VerifyFinding {
        var finding = VerifyFinding(
            kind: kind, key: pair.asked.difference.key,
            source: pair.source.map { Array(item.page[$0.range]) },
            target: pair.target.map { Array(item.page[$0.range]) })
        if kind != .changing {
            finding.cause = VerifyFinding.Cause(
                pair.asked.difference, now: (pair.now.source, pair.now.target))
        }
        return finding
    }
}
