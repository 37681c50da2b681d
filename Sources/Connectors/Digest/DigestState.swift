/// The sums of one side's items, as far as its cursors say.
package struct DigestState: Equatable, Sendable {
    /// Empty while nothing has been kept.
    package var buckets: [DigestSum]
    package var segments: [SegmentDigest]

    package init(buckets: [DigestSum] = [], segments: [SegmentDigest] = []) {
        self.buckets = buckets
        self.segments = segments
    }
}

/// What a segment's items add up to before its cursor.
package struct SegmentDigest: Equatable, Sendable {
    package var segment: Int
    /// The key after which it goes on, as JSON; nil when it is finished.
    package var cursor: [UInt8]?
    package var sum: DigestSum

    package init(segment: Int, cursor: [UInt8]?, sum: DigestSum) {
        self.segment = segment
        self.cursor = cursor
        self.sum = sum
    }
}
