import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Pacing
import Status
import System

/// Looks at all items of a table for what would become of them; a plan's other figures come of a
/// few pages.
struct TableSurvey {
    let table: SourceTable
    let source: TableDescription
    let segments: Int
    let limit: ReadLimit
    let isConsistentRead: Bool

    /// - Parameter survey: has every item be seen once.
    func run(_ survey: ItemSurvey, memory: MemoryBudget) async throws {
        let queue = HTTPEngine.queue("plan", lane: 0)
        var scan = ScanSource.Settings(segments: segments)
        scan.isConsistent = isConsistentRead
        var parts = FlowParts(
            ScanSource(table, side: "source", schema: source.schema, scan, on: queue))
        parts.stages = [survey]
        var configuration = parts.configuration(MemoryBudget(pageBytes: memory.pageBytes))
        configuration.itemsReported = source.itemCount
        configuration.itemBytesReported = source.itemBytes
        configuration.read = limit
        configuration.deadLettersMax = .max
        let time = MonotonicTime()
        let driver = FlowDriver(
            parts, configuration, shared: (SharedLimits(UnitTotals(), time: time), 0), on: queue,
            time: time, seed: 1)
        if case .failed(let failure) = await driver.run() {
            throw CopyRefusal(failure.message, hint: failure.hint)
        }
    }
}

extension TablePlan {
    /// Adds what would become of the items.
    /// - Parameter survey: has seen the sample.
    mutating func add(
        _ survey: ItemSurvey?, of sample: TableSample, isFull: Bool, all: TableSurvey,
        memory: MemoryBudget
    ) async throws {
        guard let survey else { return }
        if isFull { try await all.run(survey, memory: memory) }
        var findings = survey.findings
        findings.isComplete = isFull || sample.isComplete
        self.findings = findings
    }
}

extension ItemTransform {
    /// As a job would do it that began now.
    var now: ItemTransform { inJob(begunAt: MonotonicTime().secondsSinceEpoch) }
}
