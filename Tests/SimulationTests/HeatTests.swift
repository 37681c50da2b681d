import ModelBenchmarks
import Testing

/// Goal: a copy uses all partitions of its target at once, though source and target hash alike.
/// Method: model targets of 1,000 write units a second a partition that save nothing up.
@Suite struct HeatTests {
    private func run(_ partitions: Int, seconds: Int = 12) -> HeatRun {
        var run = HeatRun(partitions: partitions)
        run.seconds = seconds
        return run
    }

    @Test(.timeLimit(.minutes(20)), arguments: [4, 16, 64])
    func `nine tenths of all partitions are used, and few writes refused`(partitions: Int) {
        let finding = run(partitions, seconds: 16).dynaferry()
        #expect(finding.unitsPerSecond >= Double(partitions) * 900, "\(finding.unitsPerSecond)")
        #expect(finding.refusedShare < 0.02, "\(finding.refusedShare)")
    }

    @Test(.timeLimit(.minutes(20)))
    func `one reader in scan order uses one partition at a time`() {
        let finding = run(4, seconds: 10).scanOrder()
        #expect((900...1_150).contains(finding.unitsPerSecond), "\(finding.unitsPerSecond)")
    }

    @Test(.timeLimit(.minutes(20)), arguments: [0.1, 0.33])
    func `a huge item collection slows no other partition`(share: Double) {
        var run = run(4)
        run.collectionShare = share
        let finding = run.dynaferry()
        #expect(finding.othersPerSecond >= 3_600, "\(finding.othersPerSecond)")
    }

    @Test(.timeLimit(.minutes(20)))
    func `a target without a limit is used in full once it has said no`() {
        var run = run(4, seconds: 30)
        run.isProvisioned = false
        let finding = run.dynaferry()
        #expect(finding.unitsPerSecond >= 3_600, "\(finding.unitsPerSecond)")
        #expect(finding.refusedShare < 0.06, "\(finding.refusedShare)")
    }
}
