import Glibc
import JSON
import System

/// Writes the canonical form of one item, straight from the bytes of its reply: each value is
/// encoded where it comes, and what comes out of order is put in order once its map or set is
/// complete.
struct CanonicalWriter {
    private var walk: ByteWalk
    private var next: UnsafeMutablePointer<UInt8>
    private(set) var memory: CanonicalMemory
    private var pieceCount = 0

    /// Deepest nesting that is walked; the service allows 32.
    private static let depthMax = 64

    /// - Parameter memory: with room for what is to be written.
    init(_ page: UnsafeRawBufferPointer, _ memory: CanonicalMemory) {
        walk = ByteWalk(page)
        self.memory = memory
        next = memory.output
    }

    var written: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.output, count: next - memory.output)
    }

    mutating func goto(_ offset: UInt32) { walk.position = walk.base + Int(offset) }

    // MARK: Bytes

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        next.pointee = byte
        next += 1
    }

    /// A tag and four bytes of length, the lowest first.
    @inline(__always)
    mutating func putHead(_ tag: UInt8, count: Int) {
        put(tag)
        put(length: count)
    }

    @inline(__always)
    private mutating func put(length: Int) {
        Self.store(length, at: next)
        next += 4
    }

    @inline(__always)
    private static func store(_ length: Int, at place: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(place).storeBytes(
            of: UInt32(truncatingIfNeeded: length).littleEndian, as: UInt32.self)
    }

    /// Both sides may be touched up to 15 bytes beyond the end: the page has its padding there, and
    /// the output its slack.
    @inline(__always)
    private mutating func copy(_ source: UnsafePointer<UInt8>, _ count: Int) {
        guard count <= 64 else {
            memcpy(next, source, count)
            next += count
            return
        }
        var offset = 0
        repeat {
            let block = UnsafeRawPointer(source + offset)
                .loadUnaligned(as: SIMD16<UInt8>.self)
            UnsafeMutableRawPointer(next + offset).storeBytes(of: block, as: SIMD16<UInt8>.self)
            offset += 16
        } while offset < count
        next += count
    }

    /// A string's content, unescaped, behind its length.
    @inline(__always)
    private mutating func putText() throws(JSONError) {
        let text = try walk.walkString()
        put(length: text.unescapedCount)
        if text.hasEscapes {
            putUnescaped(text)
        } else {
            copy(walk.base + text.start, text.count)
        }
    }

    @inline(never)
    private mutating func putUnescaped(_ text: ByteWalk.Text) {
        var at = walk.base + text.start
        let end = at + text.count
        while at < end {
            let byte = at.pointee
            guard byte == 0x5C else {
                put(byte)
                at += 1
                continue
            }
            let rest = UnsafeRawBufferPointer(start: at, count: end - at)
            guard let escape = JSONText.escape(rest) else {
                preconditionFailure("an escape that was walked over is none")
            }
            put(utf8: escape.scalar)
            at += escape.length
        }
    }

    private mutating func put(utf8 scalar: UInt32) {
        guard scalar >= 0x80 else { return put(UInt8(scalar)) }
        for byte in UTF8.encode(Unicode.Scalar(scalar)!)! { put(byte) }
    }

    // MARK: Values

    mutating func putMember(_ name: [UInt8], at offset: UInt32) throws(JSONError) {
        put(length: name.count)
        for byte in name { put(byte) }
        goto(offset)
        try putValue(depth: 1)
    }

    /// Written out once, not wherever it is called.
    @inline(never)
    private mutating func putValue(depth: Int) throws(JSONError) {
        switch try walk.enterValue() {
        case .string:
            put(0x53)
            try putText()
        case .number:
            put(0x4E)
            try putNumber()
        case .binary:
            put(0x42)
            try putBinary()
        case .bool: put(try walk.walkTruth() ? 0x54 : 0x46)
        case .null:
            _ = try walk.walkTruth()
            put(0x5A)
        case .map: try putMap(depth: depth)
        case .list: try putList(depth: depth)
        case .stringSet:
            try putSet(0x73) { (writer) throws(JSONError) in try writer.putText() }
        case .numberSet:
            try putSet(0x6E) { (writer) throws(JSONError) in try writer.putNumber() }
        case .binarySet:
            try putSet(0x62) { (writer) throws(JSONError) in try writer.putBinary() }
        }
        try walk.expect(0x7D)
    }

    mutating func putMap(depth: Int) throws(JSONError) {
        guard depth < Self.depthMax else { throw walk.failure("nested too deeply") }
        var run = begin(0x4D)
        try walk.expect(0x7B)
        if !walk.take(0x7D) {
            repeat {
                let start = next
                try putText()
                let nameEnd = next
                try walk.expect(0x3A)
                try putValue(depth: depth + 1)
                add(start, nameEnd: nameEnd, to: &run)
            } while walk.take(0x2C)
            try walk.expect(0x7D)
        }
        let members = pieceCount - run.first
        guard close(run) == members else { throw walk.failure("an attribute stands twice") }
    }

    private mutating func putList(depth: Int) throws(JSONError) {
        guard depth < Self.depthMax else { throw walk.failure("nested too deeply") }
        let head = next + 1
        putHead(0x4C, count: 0)
        var elements = 0
        try walk.expect(0x5B)
        if walk.take(0x5D) { return }
        repeat {
            try putValue(depth: depth + 1)
            elements += 1
        } while walk.take(0x2C)
        try walk.expect(0x5D)
        Self.store(elements, at: head)
    }

    @inline(__always)
    private mutating func putSet(
        _ tag: UInt8, _ putElement: (inout Self) throws(JSONError) -> Void
    ) throws(JSONError) {
        var run = begin(tag)
        try walk.expect(0x5B)
        repeat {
            let start = next
            try putElement(&self)
            add(start, nameEnd: next, to: &run)
        } while walk.take(0x2C)
        try walk.expect(0x5D)
        _ = close(run)
    }

    // MARK: Numbers and binary

    /// Digits without zeros at either end, and the power of ten of the last: `-15E-1`; or `0`.
    @inline(__always)
    private mutating func putNumber() throws(JSONError) {
        if !putPlainNumber() { try putAnyNumber() }
    }

    /// A number without an exponent, as the service spells nearly all, in the one pass that finds
    /// its end. False, and nothing has been done, for others.
    @inline(__always)
    private mutating func putPlainNumber() -> Bool {
        guard walk.peek() == 0x22 else { return false }
        var at = walk.position + 1
        var output = next + 4
        if at.pointee == 0x2D {
            output.pointee = 0x2D
            output += 1
            at += 1
        }
        let first = output
        // `end` is behind the last digit that is not zero, which has `last` digits before it.
        var (end, digits, last, point) = (output, 0, 0, -1)
        while true {
            let digit = at.pointee &- 0x30
            if digit <= 9 {
                output.pointee = at.pointee
                if digit != 0 || output != first { output += 1 }
                if digit != 0 { (end, last) = (output, digits) }
                digits += 1
            } else if at.pointee == 0x2E, point < 0 {
                point = digits
            } else {
                break
            }
            at += 1
        }
        guard at.pointee == 0x22, digits > 0 else { return false }
        walk.position = at + 1
        let head = next
        next = end
        if end == first {
            next = head + 4
            put(0x30)
        } else {
            put(0x45)
            put(decimal: (point < 0 ? digits : point) - 1 - last)
        }
        Self.store(next - head - 4, at: head)
        return true
    }

    @inline(never)
    private mutating func putAnyNumber() throws(JSONError) {
        let text = try walk.walkString()
        guard !text.hasEscapes else { throw walk.failure("escape in a number") }
        let bytes = walk.bytes(text.range)
        let shape: NumberShape
        do {
            shape = try NumberShape(bytes)
        } catch {
            throw walk.failure("not a number")
        }
        let head = next
        next += 4
        if shape.isNonzero {
            if shape.isNegative { put(0x2D) }
            for offset in shape.firstDigit...shape.lastDigit where bytes[offset] != 0x2E {
                put(bytes[offset])
            }
            put(0x45)
            put(decimal: shape.lastExponent)
        } else {
            put(0x30)
        }
        Self.store(next - head - 4, at: head)
    }

    @inline(__always)
    private mutating func put(decimal value: Int) {
        if value < 0 { put(0x2D) }
        let rest = UInt(value.magnitude)
        if rest < 10 { return put(UInt8(0x30 + rest)) }
        putDigits(rest)
    }

    private mutating func putDigits(_ value: UInt) {
        if value >= 10 { putDigits(value / 10) }
        put(UInt8(0x30 + value % 10))
    }

    private mutating func putBinary() throws(JSONError) {
        let text = try walk.walkString()
        let room = next + 4
        let decoded =
            if text.hasEscapes {  // a slash may come as `\/`
                JSONText.unescaped(walk.bytes(text.range)).withUnsafeBytes {
                    Base64.decode($0, to: room)
                }
            } else {
                Base64.decode(walk.bytes(text.range), to: room)
            }
        guard let decoded else { throw walk.failure("binary value is not base64") }
        put(length: decoded)
        next += decoded
    }

    // MARK: Order

    /// The members of a map or the elements of a set, as far as they have come.
    private struct Run {
        /// Where the number of them belongs.
        let head: UnsafeMutablePointer<UInt8>
        /// Its first piece.
        let first: Int
        var isAscending = true
    }

    @inline(__always)
    private mutating func begin(_ tag: UInt8) -> Run {
        put(tag)
        let run = Run(head: next, first: pieceCount)
        next += 4
        return run
    }

    @inline(__always)
    private mutating func add(
        _ start: UnsafeMutablePointer<UInt8>, nameEnd: UnsafeMutablePointer<UInt8>,
        to run: inout Run
    ) {
        memory.reserve(pieces: pieceCount + 1)
        let piece = CanonicalPiece(memory.output, start, nameEnd: nameEnd, end: next)
        (memory.pieces + pieceCount).initialize(to: piece)
        if run.isAscending, pieceCount > run.first {
            run.isAscending = memory.pieces[pieceCount - 1].compare(piece, memory.output) < 0
        }
        pieceCount += 1
    }

    /// Puts a run's pieces in order; what they are ordered by stands once.
    /// - Returns: how many are left.
    @inline(__always)
    private mutating func close(_ run: Run) -> Int {
        var kept = pieceCount - run.first
        if !run.isAscending { kept = order(run) }
        pieceCount = run.first
        Self.store(kept, at: run.head)
        return kept
    }

    private mutating func order(_ run: Run) -> Int {
        let pieces = UnsafeMutableBufferPointer(
            start: memory.pieces + run.first, count: pieceCount - run.first)
        CanonicalPiece.sort(pieces, memory.output)
        let start = run.head + 4
        let moved = memory.spare + (start - memory.output)
        memcpy(moved, start, next - start)
        next = start
        var kept = 0
        for index in pieces.indices {
            let piece = pieces[index]
            if index > 0, pieces[index - 1].compare(piece, memory.spare) == 0 { continue }
            kept += 1
            copy(memory.spare + Int(piece.start), Int(piece.end - piece.start))
        }
        return kept
    }
}

/// A member of a map or an element of a set, as it lies in the output: the length and the bytes of
/// what it is ordered by, then whatever belongs to it.
struct CanonicalPiece {
    /// Offsets in the output.
    let start: UInt32
    let end: UInt32
    private let nameCount: UInt32
    /// The first bytes of what it is ordered by, which mostly decide.
    private let prefix: UInt64

    @inline(__always)
    init(
        _ output: UnsafeMutablePointer<UInt8>, _ start: UnsafeMutablePointer<UInt8>,
        nameEnd: UnsafeMutablePointer<UInt8>, end: UnsafeMutablePointer<UInt8>
    ) {
        self.start = UInt32(truncatingIfNeeded: start - output)
        self.end = UInt32(truncatingIfNeeded: end - output)
        let count = nameEnd - start - 4
        nameCount = UInt32(truncatingIfNeeded: count)
        let word = UnsafeRawPointer(start + 4).loadUnaligned(as: UInt64.self).bigEndian
        prefix = count >= 8 ? word : word & ~(.max &>> UInt64(8 * count))
    }

    /// By bytes, the shorter first where one begins with the other.
    @inline(__always)
    func compare(_ other: CanonicalPiece, _ bytes: UnsafeMutablePointer<UInt8>) -> Int {
        if prefix != other.prefix { return prefix < other.prefix ? -1 : 1 }
        return compareAll(other, bytes)
    }

    @inline(never)
    private func compareAll(
        _ other: CanonicalPiece, _ bytes: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let common = Int(min(nameCount, other.nameCount))
        let order = memcmp(bytes + Int(start) + 4, bytes + Int(other.start) + 4, common)
        return order != 0 ? Int(order) : Int(nameCount) - Int(other.nameCount)
    }

    /// Maps and sets are mostly small; what is long is left to the library.
    static func sort(
        _ pieces: UnsafeMutableBufferPointer<CanonicalPiece>, _ bytes: UnsafeMutablePointer<UInt8>
    ) {
        guard pieces.count <= 32 else {
            var pieces = pieces
            return pieces.sort { $0.compare($1, bytes) < 0 }
        }
        for index in pieces.indices.dropFirst() {
            let piece = pieces[index]
            var place = index
            while place > 0, piece.compare(pieces[place - 1], bytes) < 0 {
                pieces[place] = pieces[place - 1]
                place -= 1
            }
            pieces[place] = piece
        }
    }
}
