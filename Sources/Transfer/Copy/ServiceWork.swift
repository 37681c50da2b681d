import Flow
import Native
import Pacing
import Status
import System

/// A table that DynamoDB works on by itself. Any thread may call its methods.
package final class ServiceWork: TableTask {
    private let driver: ServiceDriver
    private let stage: TableStatus.Stage
    private let time: any TimeSource
    private let state: Locked<State>

    private struct State {
        var status: TableStatus
        var began: Instant?
    }

    /// - Parameters:
    ///   - status: of a table that waits, or is done.
    ///   - stage: while DynamoDB is at it.
    package init(
        _ driver: ServiceDriver, _ status: TableStatus, stage: TableStatus.Stage,
        time: any TimeSource
    ) {
        self.driver = driver
        self.stage = stage
        self.time = time
        state = Locked(State(status: status))
    }

    package var status: TableStatus {
        let requests = driver.requests
        return state.withLock { state in
            var status = state.status
            status.requests = requests
            let done = requests.lazy.map(\.items).clampedSum
            status.progress.counters.itemsRead = done
            status.progress.counters.itemsWritten = done
            if let began = state.began { status.progress.elapsed = time.now - began }
            return status
        }
    }

    package func obey(_ orders: JobOrders) { if orders.isStopping { driver.stop() } }

    /// DynamoDB needs no units of the table's for it, or has limits of its own.
    package func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? {
        nil
    }

    package func run() async -> TableStatus {
        let began = time.now
        state.withLock { ($0.status.stage, $0.began) = (stage, began) }
        let outcome: FlowOutcome
        do throws(FlowFailure) {
            outcome = try await driver.run() ? .completed : .stopped
        } catch {
            outcome = .failed(error)
        }
        state.withLock { state in
            state.status.progress.elapsed = time.now - began
            state.began = nil
            state.status.end(outcome)
        }
        return status
    }
}
