import Dispatch
import Pacing
import System

/// Where units are granted that several flows have in common: a limit over all tables of a job, on
/// one side. Any thread may call it.
package protocol RateGrants: Sendable {
    /// Sets units a second from now on; once set, a limit is never lifted.
    func setRate(_ rate: Double)

    /// Calls `granted`, on a queue of its own, when so many capacity units are there for
    /// `claimant`, which must have no other claim open. There must be a limit.
    func claim(
        _ units: Double, for claimant: Int,
        granted: @escaping @Sendable (SharedBucket.Grant) -> Void)

    /// Removes the claimant's open claim, if it has one. A grant may still be on its way.
    func withdraw(_ claimant: Int)

    /// Reports what a grant has consumed; see `TokenBucket/settle(_:consumed:at:)`.
    func settle(_ grant: SharedBucket.Grant, consumed: Double)
}

/// A `SharedBucket` at work, for flows of this process. Its serial queue is its lock.
package final class SharedLimit: RateGrants, @unchecked Sendable {
    // @unchecked: every `var` is touched only on `queue`.
    private let queue = DispatchQueue(label: "flow.shared-limit")
    private let time: any TimeSource
    /// nil while there is no limit.
    private var bucket: SharedBucket?
    private var waiting: [Int: @Sendable (SharedBucket.Grant) -> Void] = [:]
    /// Set for the instant at which the next claim can be granted, while one waits.
    private var timer: (any DispatchSourceTimer)?

    package init(_ rate: Double?, time: any TimeSource) {
        self.time = time
        bucket = rate.map { SharedBucket(rate: $0, at: time.now) }
    }

    package func setRate(_ rate: Double) {
        queue.async { [self] in
            let now = time.now
            if bucket == nil {
                bucket = SharedBucket(rate: rate, at: now)
            } else {
                bucket?.setRate(rate, at: now)
            }
            grant(at: now)
        }
    }

    package func claim(
        _ units: Double, for claimant: Int,
        granted: @escaping @Sendable (SharedBucket.Grant) -> Void
    ) {
        queue.async { [self] in
            precondition(bucket != nil, "units are claimed of no limit")
            bucket?.claim(units, for: claimant)
            waiting[claimant] = granted
            grant(at: time.now)
        }
    }

    package func withdraw(_ claimant: Int) {
        queue.async { [self] in
            bucket?.withdraw(claimant)
            waiting[claimant] = nil
            grant(at: time.now)
        }
    }

    package func settle(_ grant: SharedBucket.Grant, consumed: Double) {
        queue.async { [self] in
            let now = time.now
            bucket?.settle(grant, consumed: consumed, at: now)
            self.grant(at: now)
        }
    }

    private func grant(at now: Instant) {
        while let grant = bucket?.grant(at: now) {
            waiting.removeValue(forKey: grant.claimant)?(grant)
        }
        timer?.cancel()
        timer = nil
        guard let ready = bucket?.readyAt(now) else { return }
        let timer = DispatchSource.makeTimerSource(queue: queue)
        self.timer = timer
        timer.setEventHandler { [weak self] in
            guard let self else { return }
            self.grant(at: self.time.now)
        }
        let delay = Int(max(0, (ready - now).inNanoseconds))
        timer.schedule(deadline: .now() + .nanoseconds(delay), leeway: .nanoseconds(0))
        timer.activate()
    }
}

/// The limits over all tables of a job, one on each side.
package struct SharedLimits: Sendable {
    package let read: any RateGrants
    package let write: any RateGrants

    package init(read: Double?, write: Double?, time: any TimeSource) {
        self.init(
            read: SharedLimit(read, time: time), write: SharedLimit(write, time: time))
    }

    package init(read: any RateGrants, write: any RateGrants) {
        self.read = read
        self.write = write
    }

    /// Has them hold from now on; a limit that was set is never lifted.
    package func set(read: Double?, write: Double?) {
        if let read { self.read.setRate(read) }
        if let write { self.write.setRate(write) }
    }

    package subscript(side: FlowSide) -> any RateGrants { side == .source ? read : write }
}
