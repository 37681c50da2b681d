import JSON
import System

/// The names of one map that have been walked over: none may stand twice.
///
/// Each name is represented by a word, made of its length, its first and its last bytes. Different
/// words are different names. Where two words are equal, or there are more names than room, the map
/// itself is searched.
struct SeenNames {
    /// Most names of one map that are compared by their words.
    private static let namesMax = 64
    /// Maps inside of each other have room of their own, down to so many.
    private static let levels = 4
    static let room = levels * namesMax

    private let words: UnsafeMutablePointer<UInt64>
    private let wordsMax: Int
    private(set) var count = 0
    /// A bit for each word, by six bits of it: a word whose bit is not set has not been there, and
    /// need not be looked for.
    private var bits: UInt64 = 0
    /// The words do not decide whether a name is in the map twice.
    private(set) var isUnsure = false

    /// - Parameters:
    ///   - room: for ``room`` words.
    ///   - level: 0 for an item, 1 for a map in it, and so on.
    @inline(__always)
    init(_ room: UnsafeMutablePointer<UInt64>, level: Int) {
        let hasRoom = level < Self.levels
        words = hasRoom ? room + level &* Self.namesMax : room
        wordsMax = hasRoom ? Self.namesMax : 0
    }

    @inline(__always)
    mutating func add(_ word: UInt64) {
        let bit = 1 as UInt64 &<< ((word &* 0x9E37_79B9_7F4A_7C15) &>> 58)
        if bits & bit != 0 { look(for: word) }
        bits |= bit
        guard count < wordsMax else {
            isUnsure = true
            return
        }
        words[count] = word
        count &+= 1
    }

    @inline(never)
    private mutating func look(for word: UInt64) {
        for index in 0..<count where words[index] == word { isUnsure = true }
    }
}

extension ByteWalk {
    /// Walks over bytes in which there are items; `body` gets the walk.
    static func overItems<Result, Failure: Error>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (inout ByteWalk) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: SeenNames.room)
        defer { words.deallocate() }
        var walk = ByteWalk(bytes)
        walk.words = words
        return try body(&walk)
    }

    /// For the names of an item or map that begins.
    @inline(__always)
    func namesOfMap(level: Int) -> SeenNames {
        guard let words else {
            preconditionFailure("items are walked over by way of overItems(_:_:)")
        }
        return SeenNames(words, level: level)
    }

    /// What distinguishes a name from others: its length, its first eight bytes and its last, made
    /// one word.
    @inline(__always)
    func word(of name: Text) -> UInt64 {
        name.hasEscapes ? wordUnescaped(name) : Self.word(base + name.start, name.count)
    }

    /// Eight bytes must be readable, which the padding makes sure of.
    @inline(__always)
    private static func word(_ name: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        let bytes = UnsafeRawPointer(name)
        let first = bytes.loadUnaligned(as: UInt64.self).littleEndian
        let length = UInt64(truncatingIfNeeded: count) &<< 56
        guard count >= 8 else {
            return first & ((1 &<< UInt64(truncatingIfNeeded: 8 &* count)) &- 1) ^ length
        }
        let last = (bytes + count - 8).loadUnaligned(as: UInt64.self).littleEndian
        return (first &<< 1 | first &>> 63) ^ last ^ length
    }

    @inline(never)
    private func wordUnescaped(_ name: Text) -> UInt64 {
        let text = JSONText.unescaped(bytes(name.range))
        return text.withUnsafeBufferPointer { text in
            guard let start = text.baseAddress, text.count < 8 else {
                return text.baseAddress.map { Self.word($0, text.count) } ?? 0
            }
            // Too few to be read as a word.
            let first = (0..<text.count).reduce(0 as UInt64) { $0 | UInt64(start[$1]) &<< (8 * $1) }
            return first ^ UInt64(truncatingIfNeeded: text.count) &<< 56
        }
    }

    /// Looks through the map that began at `start`, its brace; throws when a name stands in it
    /// twice.
    @inline(never)
    func checkNames(from start: UnsafePointer<UInt8>) throws(JSONError) {
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
