import Glibc
import System

/// What a sample says about the whole.
package struct SampleConfidence: Equatable, Sendable {
    package let segmentsRead: Int
    package let segments: Int

    package var share: Double { Double(segmentsRead) / Double(segments) }

    /// So many differing items, wherever they lie, leave no trace in the sample with a probability
    /// of at most a twentieth: each is missed with a probability of one less the share.
    package var itemsSeen: Int {
        guard segmentsRead < segments else { return 1 }
        return Int(clamping: (log(0.05) / log1p(-share)).rounded(.up))
    }

    package init(segmentsRead: Int, segments: Int) {
        self.segmentsRead = segmentsRead
        self.segments = segments
    }
}
