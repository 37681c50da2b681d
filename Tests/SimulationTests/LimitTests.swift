import ModelBenchmarks
import Testing

/// Goal: a limit means what it says, by the meter of the server: in any 10 s window after the first
/// 5 s it is kept and used, -2 % or +1 %, or one smallest possible request.
/// Method: points of the grid of limits that `ModelBenchmarks limits` runs whole, in virtual time.
@Suite struct LimitTests {
    static let calm: [LimitPoint] = [
        LimitPoint(.writes, limit: 25, itemBytes: 100),
        LimitPoint(.writes, limit: 25, itemBytes: 100 * 1024),
        LimitPoint(.writes, limit: 250, itemBytes: 1024),
        LimitPoint(.writes, limit: 2500, itemBytes: 100 * 1024),
        LimitPoint(.writes, limit: 5000, itemBytes: 20 * 1024),
        LimitPoint(.writesWithIndex, limit: 100, itemBytes: 4096),
        LimitPoint(.writesWithIndex, limit: 1000, itemBytes: 20 * 1024),
        LimitPoint(.writesWithTwoIndexes, limit: 50, itemBytes: 400),
        LimitPoint(.writesWithTwoIndexes, limit: 2500, itemBytes: 20 * 1024),
        LimitPoint(.writesWithSparseIndex, limit: 1000, itemBytes: 4096),
        LimitPoint(.reads, limit: 25, itemBytes: 100 * 1024),
        LimitPoint(.reads, limit: 50, itemBytes: 1024),
        LimitPoint(.reads, limit: 250, itemBytes: 4096),
        LimitPoint(.reads, limit: 500, itemBytes: 20 * 1024),
    ]

    @Test(.timeLimit(.minutes(20)), arguments: calm)
    func `a limit is kept and used, and nobody is throttled`(point: LimitPoint) {
        let finding = point.run()
        #expect(finding.isKept, "\(finding)")
        #expect(finding.isUsed, "\(finding)")
        #expect(finding.throttled == 0, "\(finding)")
    }

    static let troubled: [LimitPoint] = LimitPoint.Trouble.allCases.filter { $0 != .none }
        .flatMap { trouble in
            [
                LimitPoint(.reads, limit: 100, itemBytes: 4096, trouble: trouble),
                LimitPoint(.writes, limit: 100, itemBytes: 400, trouble: trouble),
                LimitPoint(.writes, limit: 500, itemBytes: 4096, trouble: trouble),
                LimitPoint(.writesWithTwoIndexes, limit: 100, itemBytes: 1024, trouble: trouble),
            ]
        }

    @Test(.timeLimit(.minutes(20)), arguments: troubled)
    func `silences and refusals save nothing up`(point: LimitPoint) {
        let finding = point.run()
        #expect(finding.isKept, "\(finding)")
    }

    @Test(.timeLimit(.minutes(20)), arguments: [LimitPoint.Kind.writes, .writesWithTwoIndexes])
    func `random refusals cost none of what a limit allows`(kind: LimitPoint.Kind) {
        var point = LimitPoint(kind, limit: 250, itemBytes: 1024, trouble: .background)
        var finding = point.run()
        #expect(finding.isUsed, "\(finding)")
        // Not even far away, where much is in flight.
        point.roundTrip = .milliseconds(150)...(.milliseconds(200))
        finding = point.run()
        #expect(finding.isUsed, "\(finding)")
    }
}
