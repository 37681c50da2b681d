/// The sums of one side's items, as far as its cursors say.
package struct DigestState: Equatable, Sendable {
    /// Empty while nothing has been kept.
    package var buckets: [DigestSum]
    package var segments: [SegmentDigest]

    /// Whether it can be of a side that is read in so many segments.
    package func fits(segments count: Int) -> Bool {
        segments.allSatisfy { (0..<count).contains($0.segment) }
    }

    package init(buckets: [DigestSum] = [], segments: [SegmentDigest] = []) {
        self.buckets = buckets
        self.segments = segments
    }
}

/// What a segment's items add up to before its cursor; or those of a file.
package struct SegmentDigest: Equatable, Sendable {
    package var segment: Int
    /// Where it goes on: behind a key, as JSON, or a line; nil when it is finished.
    package var cursor: [UInt8]?
    package var sum: DigestSum

    package init(segment: Int, cursor: [UInt8]?, sum: DigestSum) {
        self.segment = segment
        self.cursor = cursor
        self.sum = sum
    }
}
