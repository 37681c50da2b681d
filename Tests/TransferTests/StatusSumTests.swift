import Status
import Testing

@testable import Flow
@testable import Transfer

/// Goal: of many tables the sum tells the truth, whatever is not known of some of them.
@Suite struct StatusSumTests {
    private func table(
        done: Int, of estimate: Int?, fraction: Double, writeLimit: Double? = nil,
        isUnderWay: Bool = true
    ) -> FlowProgress {
        var progress = FlowProgress(segments: 1)
        progress.counters.itemsWritten = done
        progress.itemsEstimated = estimate
        progress.fraction = fraction
        progress.writeLimit = writeLimit
        if isUnderWay { progress.elapsed = .seconds(1) }
        return progress
    }

    @Test func `a table of which nothing is known does not make the job almost done`() {
        let tables = [
            table(done: 50, of: nil, fraction: 0.5), table(done: 0, of: nil, fraction: 0),
            table(done: 0, of: 100, fraction: 0), table(done: 0, of: 100, fraction: 0),
        ]
        let sum = FlowProgress.sum(tables)
        #expect(sum.itemsEstimated == nil)
        #expect(sum.fraction == 0.125)
        var job = JobProgress()
        job.take(tables[0], after: JobProgress())
        var other = JobProgress()
        other.take(tables[1], after: JobProgress())
        #expect(JobProgress.sum([job, other], within: UnitTotals()).fraction == 0.25)
    }

    @Test func `where all is known it goes by items`() {
        let sum = FlowProgress.sum([
            table(done: 50, of: 100, fraction: 0.5), table(done: 0, of: 300, fraction: 0),
        ])
        #expect(sum.itemsEstimated == 400)
        #expect(sum.fraction == 0.125)
    }

    @Test func `limits and rates are of tables that are under way`() {
        var ended = table(done: 10, of: 10, fraction: 1, writeLimit: 100)
        ended.writeUnitsPerSecond = 80
        ended.rest()
        let waiting = table(done: 0, of: 10, fraction: 0, isUnderWay: false)
        var running = table(done: 5, of: 10, fraction: 0.5, writeLimit: 100)
        running.writeUnitsPerSecond = 90
        let sum = FlowProgress.sum([ended, waiting, running, running])
        #expect(sum.writeLimit == 200)
        #expect(sum.writeUnitsPerSecond == 180)
        #expect(FlowProgress.sum([ended, running]).writeLimit == 100)
        #expect(FlowProgress.sum([running, table(done: 0, of: 1, fraction: 0)]).writeLimit == nil)
        #expect(
            FlowProgress.sum([running, running], within: UnitTotals(write: 50)).writeLimit == 50)
    }

    @Test func `what has ended is done, and rests`() {
        var status = TableStatus(source: "a", target: "b")
        status.progress.writeUnitsPerSecond = 5
        status.end(.completed)
        #expect(status.progress.fraction == 1 && status.progress.writeUnitsPerSecond == 0)
        #expect(status.state == .done)
        let refused = RefusedTask(source: "a", target: "b", CopyRefusal("no")).status
        #expect(refused.progress.itemsEstimated == 0 && refused.state == .failed)
    }
}
