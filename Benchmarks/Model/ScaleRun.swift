import Pacing
import System
import Transfer

/// A billion items over 10,000 segments, in virtual time: what each tenth of them costs, in CPU and
/// memory, and whether the limit is kept all the while.
enum ScaleRun {
    private static let segments = 10_000
    private static let writeUnits = 40_000.0

    static func run(_ report: inout Report, items: Int) {
        var world = ModelCopy.World(
            ModelTable(itemBytes: 400, segments: segments, itemsPerSegment: items / segments))
        let lasting = Duration.seconds(Double(items) / writeUnits * 1.1)
        // The meter is set aside whole beforehand, so that it does not look like growth.
        world.target = ModelTarget(slot: .milliseconds(100), lasting: lasting)
        world.source = ModelSource(slot: .milliseconds(100), lasting: lasting)
        world.copy.itemBytesReported = 400
        world.copy.write.table = writeUnits
        var copy = ModelCopy(world)
        let start = Spent.cpuSeconds
        var before = (cpu: start, items: 0, scans: 0)
        report.row(["items written", "CPU ns an item", "resident MiB", "items a Scan"])
        report.rule(columns: 4)
        for tenth in 1...10 {
            let goal = tenth == 10 ? Int.max : items / 10 * tenth
            while copy.outcome == nil, copy.scheduler.counters.itemsWritten < goal {
                copy.run(until: copy.now - Instant.zero + .seconds(1))
            }
            let counters = copy.scheduler.counters
            let cpu = Spent.cpuSeconds
            let done = counters.itemsWritten - before.items
            report.row([
                "\(counters.itemsWritten)", ((cpu - before.cpu) / Double(done) * 1e9).text(0),
                (Double(Spent.residentBytes) / 1_048_576).text(1),
                "\(done / max(1, counters.scans - before.scans))",
            ])
            before = (cpu, counters.itemsWritten, counters.scans)
        }
        conclude(&report, copy, cpuSeconds: Spent.cpuSeconds - start)
    }

    private static func conclude(
        _ report: inout Report, _ copy: ModelCopy, cpuSeconds: Double
    ) {
        let counters = copy.scheduler.counters
        let end = copy.now - Instant.zero
        // The last seconds have less work than the limit allows.
        let windows = copy.world.target.meter.windows(
            of: LimitPoint.window, from: .seconds(5), to: end - .seconds(5))
        let wanted = writeUnits * 10
        report.line(
            """

            - It ended: \(copy.outcome.map { "\($0)" } ?? "not at all"), after \
            \(end.inSeconds.text(0)) s of virtual time and \(cpuSeconds.text(0)) s of CPU, the
              model's part included.
            - Items read \(counters.itemsRead), written \(counters.itemsWritten); segments finished
              \(counters.segmentsFinished) of \(segments).
            - 10 s windows at a limit of \(Int(clamping: writeUnits)) units a second, in percent of
              it: \(((windows?.lowerBound ?? 0) / wanted * 100).text(2)) to \
            \(((windows?.upperBound ?? 0) / wanted * 100).text(2)).
            """)
    }
}
