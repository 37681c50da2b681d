import System

/// A chunked body (RFC 9112, 7.1), put together in place: the data moves over the framing.
struct ChunkedBody {
    private enum State {
        case size
        case data(left: Int)
        case dataEnd
        case trailer
    }

    private static let lineBytesMax = 4096

    private var state = State.size
    /// Where the body put together so far ends.
    private(set) var bodyEnd: Int
    /// Up to where the buffer has been read.
    private(set) var read: Int
    private let start: Int

    init(start: Int) {
        self.start = start
        bodyEnd = start
        read = start
    }

    /// Reads what has arrived since the last call.
    /// - Returns: whether the body is complete.
    mutating func advance(
        _ buffer: inout ByteStorage, limit: BodyLimit
    ) throws(HTTPRefusal) -> Bool {
        while true {
            switch state {
            case .size:
                guard let line = try line(buffer) else { return false }
                let size = try Self.size(buffer.bytes[line])
                guard bodyEnd - start + size <= limit.bytesMax else { throw limit.refusal }
                state = size == 0 ? .trailer : .data(left: size)
            case .data(let left):
                let count = min(left, buffer.count - read)
                guard count > 0 else { return false }
                (buffer.base + bodyEnd).update(from: buffer.base + read, count: count)
                bodyEnd += count
                read += count
                state = left == count ? .dataEnd : .data(left: left - count)
            case .dataEnd:
                guard buffer.count - read >= 2 else { return false }
                guard buffer.base[read] == 0x0D, buffer.base[read + 1] == 0x0A else {
                    throw .malformed("A chunk is longer than it says")
                }
                read += 2
                state = .size
            case .trailer:
                guard let line = try line(buffer) else { return false }
                if line.isEmpty { return true }
            }
        }
    }

    /// The next line without its end, consumed; nil when it has not come whole.
    private mutating func line(
        _ buffer: borrowing ByteStorage
    ) throws(HTTPRefusal) -> Range<Int>? {
        var offset = read
        while offset + 1 < buffer.count {
            if buffer.base[offset] == 0x0D, buffer.base[offset + 1] == 0x0A {
                let line = read..<offset
                read = offset + 2
                return line
            }
            offset += 1
        }
        guard buffer.count - read <= Self.lineBytesMax else {
            throw .malformed("A line of the chunked body is too long")
        }
        return nil
    }

    /// Hexadecimal digits; extensions behind a semicolon are ignored.
    private static func size(_ line: Slice<UnsafeRawBufferPointer>) throws(HTTPRefusal) -> Int {
        let digits = line.prefix { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 }
        guard (1...8).contains(digits.count), !digits.contains(0x2B), !digits.contains(0x2D),
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .malformed("A chunk's size is no number") }
        return size
    }
}
