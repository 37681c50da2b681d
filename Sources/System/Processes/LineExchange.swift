import Glibc

/// Lines on their way through a program that gives one line for each, in order: what is to be
/// written to it, and whose answer it is that comes.
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
    }

    /// In the order in which they came; those before ``next`` have been written whole.
    private var requests: [Request] = []
    private var next = 0
    /// Bytes of the next one that have been written.
    private var written = 0
    /// It gave a line that nobody had asked for.
    private(set) var hasExcess = false

    var isEmpty: Bool { requests.isEmpty }
    var hasUnwritten: Bool { next < requests.count }
    /// Something was written whose answer has not come.
    var isAwaiting: Bool { next > 0 || written > 0 }
    /// Lines of the oldest request that have been answered.
    var answered: Int { requests.first?.answered ?? 0 }
    /// The answer to the oldest is longer than what is taken.
    var isTooLong: Bool { requests.first.map { $0.answer.count > $0.bytesMax } ?? false }

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

    /// Takes what the program gave.
    /// - Returns: requests that have been answered whole.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> [Request] {
        var done: [Request] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard isAwaiting, !requests.isEmpty else {
                hasExcess = true
                break
            }
            let end = Self.end(of: requests[0].count - requests[0].answered, in: rest)
            requests[0].answered += end.lines
            requests[0].answer += rest[..<end.offset]
            rest = rest[end.offset...]
            if requests[0].answered == requests[0].count { done.append(removeFirst()) }
        }
        return done
    }

    /// The program has ended: a last line may have no end.
    mutating func takeEnd() -> [Request] {
        guard let first = requests.first, first.answer.last.map({ $0 != 0x0A }) ?? false else {
            return []
        }
        return [UInt8(0x0A)].withUnsafeBytes { take($0) }
    }

    /// What was written and not answered is to be written again, to another program.
    mutating func startAgain() {
        for index in requests.indices.prefix(next + 1) {
            requests[index].answer = []
            requests[index].answered = 0
        }
        (next, written) = (0, 0)
    }

    mutating func removeFirst() -> Request {
        if next > 0 { next -= 1 } else { written = 0 }
        return requests.removeFirst()
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
