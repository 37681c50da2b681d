import Dispatch
import System

/// The loop of ``HTTPEngine``: takes what was submitted, moves all transfers, delivers completions.
final class HTTPLoop: @unchecked Sendable {
    // @unchecked: `inFlight`, `arriving` and `finished` are touched only by the thread in `run`.

    /// What other threads reach, under the lock.
    private struct Inbox {
        var exchanges: [HTTPExchange] = []
        /// The loop sleeps, or is about to: a submission must wake it, the first one alone.
        var isAsleep = false
        var isStopping = false
        /// The inbox will not be read again.
        var isClosed = false
    }

    private let inbox = Locked(Inbox())
    private let multi: CurlMulti
    private var inFlight: [HTTPExchange] = []
    private var arriving: [HTTPExchange] = []
    private var finished: [HTTPExchange] = []

    init(connectionsKept: Int) {
        multi = CurlMulti(connectionsKept: connectionsKept)
    }

    // MARK: from any thread

    func submit(_ exchange: HTTPExchange) {
        let (mustWake, isClosed) = inbox.withLock { inbox in
            if inbox.isClosed { return (false, true) }
            inbox.exchanges.append(exchange)
            defer { inbox.isAsleep = false }
            return (inbox.isAsleep, false)
        }
        if mustWake { multi.wakeUp() }
        if isClosed {
            exchange.failure = Self.stopped
            exchange.queue.async { exchange.completion?(exchange) }
        }
    }

    func stop() {
        let mustWake = inbox.withLock { inbox in
            inbox.isStopping = true
            defer { inbox.isAsleep = false }
            return inbox.isAsleep
        }
        if mustWake { multi.wakeUp() }
    }

    // MARK: on the loop's thread

    func run() {
        while takeArrivals() {
            multi.perform()
            while let (exchange, failure) = multi.nextDone() {
                exchange.failure = failure
                finish(exchange)
            }
            deliver()
            let isIdle = inbox.withLock { inbox in
                inbox.isAsleep = inbox.exchanges.isEmpty && !inbox.isStopping
                return inbox.isAsleep
            }
            multi.wait(isIdle: isIdle)
        }
        abandonAll()
    }

    /// Starts what was submitted; false when the loop is to end.
    private func takeArrivals() -> Bool {
        let isStopping = inbox.withLock { inbox in
            inbox.isAsleep = false
            swap(&inbox.exchanges, &arriving)
            return inbox.isStopping
        }
        for exchange in arriving {
            exchange.slot = inFlight.count
            inFlight.append(exchange)
            multi.add(exchange.easy)
        }
        arriving.removeAll(keepingCapacity: true)
        return !isStopping
    }

    private func finish(_ exchange: HTTPExchange) {
        let last = inFlight.removeLast()
        if last !== exchange {
            inFlight[exchange.slot] = last
            last.slot = exchange.slot
        }
        finished.append(exchange)
    }

    /// Runs the completions on this thread, inside their queues: entering a queue that is free
    /// costs 0.1 us, waking its thread 5 and the caches.
    private func deliver() {
        var next = 0
        while next < finished.count {
            let queue = finished[next].queue
            queue.sync {
                while next < finished.count, finished[next].queue === queue {
                    finished[next].completion?(finished[next])
                    next += 1
                }
            }
        }
        finished.removeAll(keepingCapacity: true)
    }

    private func abandonAll() {
        let late = inbox.withLock { inbox in
            inbox.isClosed = true
            return inbox.exchanges
        }
        for exchange in inFlight { multi.remove(exchange.easy) }
        for exchange in inFlight + late {
            exchange.failure = Self.stopped
            exchange.queue.async { exchange.completion?(exchange) }
        }
        inFlight.removeAll()
    }

    private static let stopped = TransferFailure(kind: .stopped, reason: "the client was shut down")
}
