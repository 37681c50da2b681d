/// How far a segment has safely come.
package struct SegmentRecord: Equatable, Sendable {
    package var segment: Int
    /// The key after which it goes on, as JSON; nil when it is finished.
    package var cursor: [UInt8]?
    /// Items and stored bytes that lie before the cursor.
    package var items: Int
    package var bytes: Int

    package var isFinished: Bool { cursor == nil }

    package init(segment: Int, cursor: [UInt8]?, items: Int, bytes: Int) {
        self.segment = segment
        self.cursor = cursor
        self.items = items
        self.bytes = bytes
    }
}
