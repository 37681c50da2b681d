import Pacing
import Status
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Goal: whatever becomes of an item that differs is counted, and the items that were read are the
/// sum of that.
struct ChangedCopyCountTests {
    private let item = Array(#"{"id":{"S":"a"}}"#.utf8)

    private func progress(
        _ findings: [VerifyFinding], read: Int, earlier count: Int = 0
    ) -> FlowProgress {
        var earlier = VerifyCounters()
        earlier.repaired = count
        var comparison = Comparison()
        comparison.segments = 4
        comparison.counters = earlier
        for finding in findings { comparison.counters.add(finding) }
        comparison.result = .different
        comparison.counters.itemsInSource = read
        // As the flow that writes has counted.
        comparison.looks.counters.itemsWritten = findings.count { $0.repair == .written }
        comparison.looks.counters.storedBytesWritten = 3 * comparison.looks.counters.itemsWritten
        return comparison.progress(asCopyOf: 0, after: earlier)
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
        let progress = progress(
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
        #expect(!progress.isComparing)
        #expect(counters.segmentsFinished == progress.segments)
    }

    @Test("what an earlier run has written is not this one's, and what is new was read by its key")
    func edges() {
        let resumed = progress([finding(.different, .written)], read: 100, earlier: 30)
        #expect(resumed.counters.itemsRead == 70)
        #expect(resumed.counters.itemsEqual == 69)
        #expect(resumed.itemsEarlier == 30)
        let grown = progress([finding(.onlyInSource, .written)], read: 0)
        #expect(grown.counters.itemsRead == 1)
        #expect(grown.counters.itemsEqual == 0)
    }
}
