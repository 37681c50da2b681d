/// Finds a scan that goes round in a circle: its cursor comes to a key where it has been before,
/// and it would never end. A key that does not advance is the smallest such circle.
///
/// Remembers one key at a time, the one after 1, 2, 4, 8, ... pages: a circle of any length is
/// found before it has been gone round three times (Brent's algorithm).
package struct CursorLoop: Sendable {
    private var remembered: [UInt8]?
    private var pages = 0
    private var nextToRemember = 1

    /// - Parameter start: where the scan begins; nil at the start of a segment.
    package init(start: [UInt8]? = nil) { remembered = start }

    /// Takes the key behind a page. False when the scan has been there.
    package mutating func advance(to key: [UInt8]) -> Bool {
        guard key != remembered else { return false }
        pages += 1
        if pages == nextToRemember {
            remembered = key
            nextToRemember *= 2
        }
        return true
    }
}
