import AWS
import Connectors
import Flow
import Pacing
import Status
import System

/// Reads all files of an export before the first item of them is written: a file that is not what
/// the manifest says ends the copy before it has done anything, and keys that come twice are known.
/// Any thread may call its methods.
final class FilesCheck: TableTask {
    private let names: (source: String, target: String)
    private let driver: FlowDriver
    private let sink: KeyPlacesSink
    private let state = Locked(State())

    private struct State {
        var orders = JobOrders()
        var outcome: FlowOutcome?
        var superseded: Set<LinePlace> = []
    }

    init(_ task: CopyTask, _ export: ExportedSource) {
        let (subject, memory) = (task.subject, task.options.memory)
        names = (subject.source.definition.name, subject.target.definition.name)
        let queue = HTTPEngine.queue("check", lane: task.number)
        let openMax = export.openMax(of: memory)
        let rest = memory - openMax * export.memoryOfFile
        sink = KeyPlacesSink(
            schema: subject.source.schema, folder: task.options.scratchFolder, bytesMax: rest / 4)
        let parts = FlowParts(
            export.source(schema: subject.source.schema, for: .checking, on: queue), to: sink)
        let pageBytes = max(rest / 2, parts.source.shape.replyBytesMax(items: 1))
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: pageBytes, batchBytes: rest / 4))
        configuration.openMax = openMax
        configuration.writesMax = KeyPlacesSink.batchesMax
        configuration.itemsReported = subject.source.itemCount
        configuration.itemBytesReported = subject.source.itemBytes
        configuration.giveUpAfter = task.options.giveUpAfter
        driver = FlowDriver(
            parts, configuration, shared: (task.context.shared, task.number), on: queue,
            time: task.context.time, seed: task.seed)
    }

    /// Places of items whose keys come again further on, once it has ended.
    var superseded: Set<LinePlace> { state.withLock { $0.superseded } }

    func run() async -> TableStatus {
        var outcome = await driver.run()
        if outcome == .completed {
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
    func limits(under throttle: AskedLimits) throws(CopyRefusal) -> UnitLimits? { nil }
}
