import Status
import Testing

@testable import Transfer

@Suite struct SampleConfidenceTests {
    @Test func `of one segment in a hundred, 299 differing items are seen at 95 percent`() {
        #expect(SampleConfidence(segmentsRead: 10, segments: 1_000).itemsSeen == 299)
        #expect(SampleConfidence(segmentsRead: 10, segments: 10).itemsSeen == 1)
    }
}
