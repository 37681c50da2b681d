/// What partitions of a target take, written in scan order and by dynaferry.
enum HeatReport {
    static func run(_ report: inout Report, plot: String) {
        report.row(["partitions", "way", "units/s", "% of all", "items refused", "seconds"])
        report.rule(columns: 6)
        for partitions in [4, 16, 64] {
            let run = HeatRun(partitions: partitions)
            let scanOrder = run.scanOrder()
            row(&report, partitions, "one reader in scan order", scanOrder)
            let dynaferry = run.dynaferry()
            row(&report, partitions, "dynaferry, provisioned target", dynaferry)
            var onDemand = run
            onDemand.isProvisioned = false
            row(&report, partitions, "dynaferry, on-demand target", onDemand.dynaferry())
            guard partitions == 16 else { continue }
            let panels = [
                HeatPlot.Panel(
                    title: "one reader in scan order: write units by partition",
                    partitions: scanOrder.partitions),
                HeatPlot.Panel(
                    title: "dynaferry: write units by partition",
                    partitions: dynaferry.partitions),
            ]
            File.write(HeatPlot.svg(panels, full: 1000), to: plot)
        }
        unevenly(&report)
        sizes(&report)
        stalls(&report)
        collection(&report)
    }

    private static func unevenly(_ report: inout Report) {
        report.line(
            """

            ## Partitions that are no power of two

            One segment is open in each of 128 parts of the hash space, so some partitions have one
            more than others, and they set the pace.

            """)
        report.row(["partitions", "way", "units/s", "% of all", "items refused", "seconds"])
        report.rule(columns: 6)
        for partitions in [24, 48, 100] {
            let finding = HeatRun(partitions: partitions).dynaferry()
            row(&report, partitions, "dynaferry, provisioned target", finding)
        }
    }

    private static func stalls(_ report: inout Report) {
        report.line("\n## When nothing is answered for a while each 1.3 s, 16 partitions\n")
        report.row(["silence", "units/s", "% of all", "items refused"])
        report.rule(columns: 4)
        for milliseconds in [50, 100, 200] {
            var run = HeatRun(partitions: 16)
            run.stalls = .milliseconds(milliseconds)
            let finding = run.dynaferry()
            report.row([
                "\(milliseconds) ms", finding.unitsPerSecond.text(0),
                (finding.unitsPerSecond / 160).text(1),
                "\((finding.refusedShare * 100).text(2)) %",
            ])
        }
    }

    private static func sizes(_ report: inout Report) {
        report.line("\n## Item sizes, 16 partitions\n")
        report.row(["item", "target", "units/s", "% of all", "items refused"])
        report.rule(columns: 5)
        for bytes in [400, 1000, 4000, 20_000] {
            for isProvisioned in [true, false] {
                var run = HeatRun(partitions: 16)
                run.itemBytes = bytes
                run.isProvisioned = isProvisioned
                let finding = run.dynaferry()
                report.row([
                    "\(bytes) B", isProvisioned ? "provisioned" : "on demand",
                    finding.unitsPerSecond.text(0), (finding.unitsPerSecond / 160).text(1),
                    "\((finding.refusedShare * 100).text(2)) %",
                ])
            }
        }
    }

    private static func row(
        _ report: inout Report, _ partitions: Int, _ way: String, _ finding: HeatRun.Finding
    ) {
        report.row([
            "\(partitions)", way, finding.unitsPerSecond.text(0),
            (finding.unitsPerSecond / Double(partitions) / 10).text(1),
            "\((finding.refusedShare * 100).text(2)) %", finding.seconds.text(0),
        ])
    }

    private static func collection(_ report: inout Report) {
        report.line(
            """

            ## One huge item collection

            A tenth or a third of all items have one partition key: one segment holds them, and one
            partition takes them, at 1,000 units a second. What the others got while they had work:

            """)
        report.row(["partitions", "collection", "others, units/s", "% of theirs", "refused"])
        report.rule(columns: 5)
        for partitions in [4, 16] {
            for share in [0.1, 0.33] {
                var run = HeatRun(partitions: partitions)
                run.collectionShare = share
                let finding = run.dynaferry()
                let full = Double(partitions) * 1000
                report.row([
                    "\(partitions)", "\((share * 100).text(0)) %",
                    finding.othersPerSecond.text(0),
                    (finding.othersPerSecond / full * 100).text(1),
                    "\((finding.refusedShare * 100).text(2)) %",
                ])
            }
        }
    }
}
