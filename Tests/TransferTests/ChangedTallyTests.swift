import Pacing
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Goal: whatever becomes of an item that differs is counted, and the items that were read are the
/// sum of that.
struct ChangedTallyTests {
    private let item = Array(#"{"id":{"S":"a"}}"#.utf8)

    private func tally(_ findings: [VerifyFinding], read: Int, earlier: Int = 0) -> FlowProgress {
        let tally = ChangedTally(
            segments: 4, itemsEarlier: earlier, itemsReported: 0, time: MonotonicTime())
        for finding in findings { tally.take(finding) }
        var verdict = TableVerdict(source: "a", target: "b")
        verdict.outcome = .different
        verdict.counters.itemsInSource = read
        // As the flow that writes has counted.
        let written = findings.count { $0.repair == .written }
        (verdict.progress.writes, verdict.progress.storedBytesWritten) = (written, 3 * written)
        return tally.progress(of: verdict)
    }

    private func finding(
        _ kind: VerifyFinding.Kind, isInSource: Bool = true, _ repair: VerifyFinding.Repair? = nil
    ) -> VerifyFinding {
        var finding = VerifyFinding(kind: kind, key: item, source: isInSource ? item : nil)
        finding.repair = repair
        return finding
    }

    @Test("items of every kind are counted as what became of them")
    func kinds() {
        let letter = DeadLetter(code: "ValidationException", reason: "", key: item, item: item)
        let progress = tally(
            [
                finding(.different, .written), finding(.onlyInSource, .written),
                finding(.different, .refused(letter)), finding(.changing), finding(.pastTTL),
                finding(.onlyInTarget, isInSource: false),
                finding(.pastTTL, isInSource: false),
            ], read: 100)
        let counters = progress.counters
        #expect(counters.itemsRead == 100)
        #expect(
            counters.itemsWritten == 2 && counters.storedBytesWritten == 6 && counters.writes == 2)
        #expect(counters.deadLetters == 1)
        #expect(counters.itemsChanging == 1)
        #expect(counters.itemsLeftOut == 1)
        #expect(counters.itemsOnlyInTarget == 2)
        #expect(counters.itemsEqual == 95)
        #expect(progress.hasEnded && !progress.isComparing)
        #expect(counters.segmentsFinished == progress.segments)
    }

    @Test("what an earlier run has written is not this one's, and what is new was read by its key")
    func edges() {
        let resumed = tally([finding(.different, .written)], read: 100, earlier: 30)
        #expect(resumed.counters.itemsRead == 70)
        #expect(resumed.counters.itemsEqual == 69)
        #expect(resumed.itemsEarlier == 30)
        let grown = tally([finding(.onlyInSource, .written)], read: 0)
        #expect(grown.counters.itemsRead == 1)
        #expect(grown.counters.itemsEqual == 0)
    }
}
