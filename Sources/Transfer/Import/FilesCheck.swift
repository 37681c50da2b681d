import AWS
import Connectors
import DynamoModel
import Flow
import Pacing
import Status
import System

/// Reads all files of an export, and nothing else: a file that is not what the manifest says ends a
/// copy before it has done anything, and keys that come twice are known. Any thread may call its
/// methods.
final class FilesCheck: TableTask {
    /// What is read, and with how much.
    struct Request {
        var export: ExportedSource
        var schema: KeySchema
        var purpose: ExportSource.Purpose
        var memory: Int
        /// Where keys are kept that memory does not hold.
        var scratchFolder: String
        var giveUpAfter: Duration
        var shared: (limits: SharedLimits, number: Int)
        var time: any TimeSource
        var seed: UInt64
    }

    private let names: (source: String, target: String)
    /// Else keys that come again are no fault: windows of changes have them.
    private let keysComeOnce: Bool
    private let driver: FlowDriver
    private let sink: KeyPlacesSink
    private let state = Locked(State())

    private struct State {
        var orders = JobOrders()
        var outcome: FlowOutcome?
        var superseded: Set<LinePlace> = []
    }

    /// - Parameter names: of the tables that it is for.
    init(_ request: Request, of names: (source: String, target: String)) {
        self.names = names
        let export = request.export
        keysComeOnce = export.export.windows.isEmpty
        let queue = HTTPEngine.queue("check", lane: request.shared.number)
        let openMax = export.openMax(of: request.memory)
        let rest = request.memory - openMax * export.memoryOfFile
        sink = KeyPlacesSink(
            schema: request.schema, folder: request.scratchFolder, bytesMax: rest / 4)
        let parts = FlowParts(
            export.source(schema: request.schema, for: request.purpose, on: queue), to: sink)
        let pageBytes = max(rest / 2, parts.source.shape.replyBytesMax(items: 1))
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: pageBytes, batchBytes: rest / 4))
        configuration.openMax = openMax
        configuration.writesMax = KeyPlacesSink.batchesMax
        configuration.itemsReported = export.description.itemCount
        configuration.itemBytesReported = export.description.itemBytes
        configuration.giveUpAfter = request.giveUpAfter
        driver = FlowDriver(
            parts, configuration, shared: request.shared, on: queue, time: request.time,
            seed: request.seed)
    }

    /// Places of items whose keys come again further on, once it has ended.
    var superseded: Set<LinePlace> { state.withLock { $0.superseded } }

    func run() async -> TableStatus {
        var outcome = await driver.run()
        if outcome == .completed, keysComeOnce {
            let found = await OwnThread.run { [sink] in
                Result { () throws(FlowFailure) in try sink.superseded() }
            }
            switch found {
            case .success(let places): state.withLock { $0.superseded = places }
            case .failure(let failure): outcome = .failed(failure)
            }
        }
        state.withLock { [outcome] in $0.outcome = outcome }
        return status
    }

    var status: TableStatus {
        var status = TableStatus(source: names.source, target: names.target)
        status.outcome = state.withLock { $0.outcome }
        status.stage = .checking
        // What the keys were kept in is no target.
        status.progress = driver.progress
        let read = status.progress.counters
        status.progress.counters = FlowCounters()
        status.progress.counters.itemsRead = read.itemsRead
        status.progress.counters.bytesRead = read.bytesRead
        status.progress.counters.scans = read.scans
        return status
    }

    func obey(_ orders: JobOrders) {
        state.withLock { state in
            if orders.isPaused != state.orders.isPaused { driver.setPaused(orders.isPaused) }
            if orders.isStopping { driver.stop() }
            state.orders = orders
        }
    }

    /// Nothing is charged for it.
    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? { nil }
}
