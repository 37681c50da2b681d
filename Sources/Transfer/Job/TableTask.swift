import Flow
import Status

/// What is done with one table of a job. Any thread may call its methods.
package protocol TableTask: Sendable {
    /// Where it stands.
    var status: TableStatus { get }

    /// Does it; returns once it is done, has failed, or was to stop: the outcome says which.
    func run() async -> TableStatus

    /// Goes by these orders from now on, or once it runs.
    func obey(_ orders: JobOrders)

    /// What it is held to when a user has asked for `throttle` besides what the command says; nil
    /// where it moves no items.
    /// - Throws: for a percentage of nothing.
    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits?

    /// What it has cost, over all runs of its job.
    func dollars(by prices: PriceTable) -> Double
}

extension TableTask {
    package func dollars(by prices: PriceTable) -> Double { 0 }
}

/// What holds for all tables of a job just now: a task obeys the newest orders that it was given.
package struct JobOrders: Equatable, Sendable {
    package var isPaused = false
    /// Once it is so it stays so.
    package var isStopping = false
    /// What `jobs throttle` has asked for, in this run of the job and those before.
    package var throttle = RequestedLimits()

    package init(throttle: RequestedLimits = RequestedLimits()) { self.throttle = throttle }
}

/// A table that was refused: nothing is done with it.
struct RefusedTask: TableTask {
    let status: TableStatus

    init(source: String, target: String, _ refusal: CopyRefusal) {
        var status = TableStatus(source: source, target: target)
        status.progress.itemsEstimated = 0
        status.end(.failed(FlowFailure(refusal)))
        self.status = status
    }

    func run() async -> TableStatus { status }
    func obey(_ orders: JobOrders) {}
    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? { nil }
}

extension FlowFailure {
    package init(_ refusal: CopyRefusal) {
        self.init(.giveUp, code: Self.refusedCode, message: refusal.message, hint: refusal.hint)
    }
}
