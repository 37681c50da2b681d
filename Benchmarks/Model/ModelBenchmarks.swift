import System

/// Benchmarks in virtual time: the copy's scheduler against model tables.
///
///     ModelBenchmarks limits|heat|scale FOLDER [ITEMS]
@main
struct ModelBenchmarks {
    static func main() {
        let words = CommandLine.arguments.dropFirst()
        let folder = words.dropFirst().first ?? "."
        switch words.first {
        case "limits": limits(folder)
        case "heat": heat(folder)
        case "scale": scale(folder, items: words.dropFirst(2).first.flatMap { Int($0) })
        default: Report.usage("ModelBenchmarks limits|heat|scale FOLDER [ITEMS]")
        }
    }

    private static func limits(_ folder: String) {
        var report = Report("\(folder)/limits.md", title: "Limits, in virtual time")
        report.line(
            """
            Each cell is a copy of 40 s of virtual time under one limit: units of the least and the
            fullest 10 s window after the first 5 s, in percent of the limit, by the meter of the
            bucket that binds. Allowed are 98 to 101, or one smallest possible request (one item)
            more or less. Targets have so many partitions, a power of two, that the share of
            each is at most 80 % of its own, and nothing is saved up. Where an index holds only
            some of the items, what a request costs it is a matter of chance: three items more
            are allowed above.
            """)
        LimitGrid.run(&report)
        report.save()
    }

    private static func heat(_ folder: String) {
        var report = Report("\(folder)/heat.md", title: "Heat, in virtual time")
        report.line(
            """
            Items of 1,000 bytes go to a target of P partitions of 1,000 write units a second each
            that save nothing up, in the same hash order as the source's. Requests take 3 to 7 ms.

            """)
        HeatReport.run(&report, plot: "\(folder)/heat.svg")
        report.save()
    }

    private static func scale(_ folder: String, items: Int?) {
        let items = items ?? 1_000_000_000
        var report = Report("\(folder)/scale.md", title: "Scale, in virtual time")
        report.line(
            """
            \(items) items of 400 bytes over 10,000 segments, default settings and a limit of 40,000
            write units a second, against model tables that take 3 to 7 ms a request.

            """)
        ScaleRun.run(&report, items: items)
        report.save()
    }
}
