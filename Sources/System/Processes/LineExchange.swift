import Glibc

/// Lines on their way through one process that gives a line for each, in order: what is to be
/// written to it, and whose answer it is that comes.
///
/// An answer counts once the process has ended and has given just as many lines as it was given:
/// before that it is not known which line is of which.
struct LineExchange<Tag> {
    /// Lines that are asked together.
    struct Request {
        let tag: Tag
        /// Each with its end.
        let lines: [UInt8]
        let count: Int
        /// Bytes of the longest answer that is taken.
        let bytesMax: Int
        fileprivate(set) var answer: [UInt8] = []
        fileprivate(set) var answered = 0

        init(_ tag: Tag, _ lines: [UInt8], count: Int, bytesMax: Int) {
            (self.tag, self.lines, self.count, self.bytesMax) = (tag, lines, count, bytesMax)
        }

        fileprivate var isTooLong: Bool { answer.count > bytesMax }
    }

    /// In the order in which they came; those before `next` have been written whole.
    private var requests: [Request] = []
    private var next = 0
    /// Bytes of the next one that have been written.
    private var written = 0
    /// The oldest that has lines without an answer.
    private var open = 0
    /// It gave a line that was not asked for.
    private(set) var hasExcess = false

    var isEmpty: Bool { requests.isEmpty }
    var hasUnwritten: Bool { next < requests.count }
    /// Something was written.
    var isUnderWay: Bool { next > 0 || written > 0 }
    /// All that was written has as many lines of answer.
    var isAnswered: Bool { written == 0 && open >= next && !hasExcess }
    /// The answer to one of them is longer than what is taken.
    var isTooLong: Bool { open < requests.count && requests[open].isTooLong }

    mutating func add(_ request: Request) { requests.append(request) }

    /// Has the next bytes that are to be written be looked at.
    mutating func write(_ body: (UnsafeRawBufferPointer) -> Int) {
        guard hasUnwritten else { return }
        written += requests[next].lines.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[written...]))
        }
        guard written == requests[next].lines.count else { return }
        (next, written) = (next + 1, 0)
    }

    /// Takes what the process gave.
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty, !hasExcess, !isTooLong {
            guard open < next || (open == next && written > 0) else {
                hasExcess = true
                return
            }
            let end = Self.end(of: requests[open].count - requests[open].answered, in: rest)
            requests[open].answered += end.lines
            requests[open].answer += rest[..<end.offset]
            rest = rest[end.offset...]
            if requests[open].answered == requests[open].count, !requests[open].isTooLong {
                open += 1
            }
        }
    }

    /// It gives no more: a last line may have no end.
    mutating func takeEnd() {
        guard open < requests.count, let last = requests[open].answer.last, last != 0x0A else {
            return
        }
        [UInt8(0x0A)].withUnsafeBytes { take($0) }
    }

    /// Takes out what the process has answered; call it where ``isAnswered``.
    mutating func takeAnswered() -> [Request] {
        defer { startAgain() }
        let done = requests[..<next]
        requests.removeFirst(next)
        return Array(done)
    }

    /// Takes out the request that went wrong, and has the others be asked of another process.
    /// - Returns: with the number of the line that has no answer.
    mutating func takeFailed() -> (request: Request, line: Int)? {
        guard !requests.isEmpty else { return nil }
        let place = hasExcess ? 0 : min(open, requests.count - 1)
        let failed = requests.remove(at: place)
        let line = hasExcess ? 0 : min(failed.answered, failed.count - 1)
        startAgain()
        return (failed, line)
    }

    /// Everything is to be asked of another process.
    private mutating func startAgain() {
        for index in requests.indices.prefix(max(next, open) + 1) {
            requests[index].answer = []
            requests[index].answered = 0
        }
        (next, written, open, hasExcess) = (0, 0, 0, false)
    }

    /// Where the last of so many lines ends, or all of the bytes.
    private static func end(
        of lines: Int, in bytes: Slice<UnsafeRawBufferPointer>
    ) -> (lines: Int, offset: Int) {
        var (found, offset) = (0, bytes.startIndex)
        let base = bytes.base.baseAddress!
        while found < lines, offset < bytes.endIndex,
            let end = memchr(base + offset, 0x0A, bytes.endIndex - offset)
        {
            offset = UnsafeRawPointer(end) - base + 1
            found += 1
        }
        return (found, found < lines ? bytes.endIndex : offset)
    }
}
