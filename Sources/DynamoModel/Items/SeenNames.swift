import JSON
import System

/// The names that stand in the maps that a walk is in: none may stand twice in one of them.
///
/// An inner map's names follow those of the maps around it and go when it ends. A name is told by a
/// word that is made of its length and its ends. Where words do not tell (two that are equal, a
/// name with escapes, more names than there is room for), the map is looked through by itself.
struct SeenNames {
    static let namesMax = 64

    private var words = InlineArray<64, UInt64>(repeating: 0)
    /// Where the words of the innermost map begin, and where they end.
    private var start = 0
    private var end = 0
    /// The words of the innermost map do not tell whether a name stands there twice.
    private(set) var isUnsure = false

    /// What is to be put back when the map ends.
    struct Outer {
        fileprivate let start: Int
        fileprivate let end: Int
        fileprivate let isUnsure: Bool
    }

    @inline(__always)
    mutating func enterMap() -> Outer {
        let outer = Outer(start: start, end: end, isUnsure: isUnsure)
        start = end
        isUnsure = false
        return outer
    }

    @inline(__always)
    mutating func leaveMap(to outer: Outer) {
        (start, end, isUnsure) = (outer.start, outer.end, outer.isUnsure)
    }

    @inline(__always)
    mutating func add(_ word: UInt64) {
        for index in start..<end where words[index] == word { isUnsure = true }
        guard end < Self.namesMax else {
            isUnsure = true
            return
        }
        words[end] = word
        end += 1
    }

    /// Of a name that words do not tell.
    mutating func addUntold() { isUnsure = true }
}

extension ByteWalk {
    /// Notes a name of the innermost map.
    @inline(__always)
    mutating func note(_ name: Text) {
        if name.hasEscapes { return names.addUntold() }
        names.add(word(of: name))
    }

    /// The length of a name, its first eight bytes and its last: made one word.
    @inline(__always)
    private func word(of name: Text) -> UInt64 {
        let bytes = UnsafeRawPointer(base + name.start)
        // The padding makes sure of eight bytes.
        let first = bytes.loadUnaligned(as: UInt64.self).littleEndian
        let count = UInt64(truncatingIfNeeded: name.count)
        guard count >= 8 else { return first & ((1 << (8 * count)) - 1) ^ count << 56 }
        let last = (bytes + name.count - 8).loadUnaligned(as: UInt64.self).littleEndian
        return first &* 0x9E37_79B9_7F4A_7C15 ^ last ^ count << 56
    }

    /// Ends the map that began at `start`, its brace: throws when a name stands in it twice.
    @inline(__always)
    mutating func leaveMap(
        from start: UnsafePointer<UInt8>, to outer: SeenNames.Outer
    ) throws(JSONError) {
        if names.isUnsure { try checkNames(from: start) }
        names.leaveMap(to: outer)
    }

    @inline(never)
    private func checkNames(from start: UnsafePointer<UInt8>) throws(JSONError) {
        var seen: Set<[UInt8]> = []
        var walk = self
        walk.position = start
        try walk.walkObject { (walk, name) throws(JSONError) in
            guard seen.insert(JSONText.unescaped(walk.bytes(name.range))).inserted else {
                throw walk.failure("an attribute stands twice")
            }
            try walk.walkValue()
        }
    }
}
