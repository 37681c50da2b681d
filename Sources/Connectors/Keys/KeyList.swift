import DynamoModel
import Glibc
import JSON
import System

/// A file of keys: in each line the key attributes of one item, as DynamoDB's JSON. It is read in
/// blocks of lines, each of which is a partition of its own.
package struct KeyList: Equatable, Sendable {
    /// What is wrong with a file of keys, and where.
    package struct Failure: Error, CustomStringConvertible, Equatable, Sendable {
        package let message: String

        package var description: String { message }
    }

    package let path: String
    /// Lines that have a key.
    package let count: Int
    /// Tells its bytes from those of others.
    package let digest: String
    /// Where each block begins, in bytes, and at the end the file's length.
    private let blocks: [Int]

    /// Lines of a block.
    private static let blockLines = 4_096
    /// A key has 3 KB at most, whose bytes may be escaped.
    private static let lineBytesMax = 32 * 1_024

    package var blockCount: Int { blocks.count - 1 }

    /// Reads the whole file once, in bounded memory.
    package init(_ path: String) throws(Failure) {
        let file = try KeyFile(path)
        var (count, lines, blocks) = (0, 0, [0])
        let digest = RunningDigest(.sha256)
        try file.forEachLine(from: 0, to: .max) { line, end throws(Failure) in
            line.withUnsafeBytes { digest.add($0) }
            digest.addNewline()
            lines += 1
            if !line.isBlank { count += 1 }
            if lines % Self.blockLines == 0 { blocks.append(end) }
            return true
        }
        guard count > 0 else { throw Failure(message: "\(path) has no keys") }
        if blocks.last != file.length { blocks.append(file.length) }
        self.path = path
        self.count = count
        self.digest = Hex.text(Array(digest.finish().prefix(16)))
        self.blocks = blocks
    }

    /// Looks whether each line has just the key attributes of a table.
    /// - Returns: the first key.
    package func check(_ schema: KeySchema) throws(Failure) -> JSON {
        var (number, first): (Int, JSON?) = (0, nil)
        try KeyFile(path).forEachLine(from: 0, to: .max) { line, _ throws(Failure) in
            number += 1
            if !line.isBlank {
                let key = try key(in: line, schema, number)
                if first == nil { first = try? JSON(parsing: key) }
            }
            return true
        }
        guard let first else { throw Failure(message: "\(path) has no keys") }
        return first
    }

    /// A line of a block: its key, and where the next line begins.
    struct Line: Equatable, Sendable {
        let key: [UInt8]
        let end: Int
    }

    /// Lines of a block.
    /// - Parameters:
    ///   - start: where the first begins; nil: at the block's start.
    ///   - most: of them, one at least.
    /// - Returns: the lines, and whether the block has no more.
    func lines(
        ofBlock block: Int, from start: Int?, most: Int, _ schema: KeySchema
    ) throws(Failure) -> (lines: [Line], isEnd: Bool) {
        let file = try KeyFile(path)
        guard file.length == blocks[blocks.count - 1] else {
            throw Failure(message: "\(path) was changed while it was being read")
        }
        let end = blocks[block + 1]
        var (lines, place): ([Line], Int) = ([], start ?? blocks[block])
        try file.forEachLine(from: place, to: end) { line, next throws(Failure) in
            place = next
            if !line.isBlank { lines.append(Line(key: try key(in: line, schema, nil), end: next)) }
            return lines.count < most
        }
        return (lines, place >= end)
    }

    /// The key as requests have it.
    private func key(
        in line: [UInt8], _ schema: KeySchema, _ number: Int?
    ) throws(Failure) -> [UInt8] {
        func failure(_ reason: String) -> Failure {
            Failure(message: "\(path)\(number.map { ":\($0)" } ?? ""): \(reason)")
        }
        let json: JSON
        do {
            json = try JSON(parsing: line)
        } catch {
            throw failure("not valid JSON: \(error)")
        }
        let attributes = [schema.partition] + (schema.sort.map { [$0] } ?? [])
        guard let members = json.members else {
            throw failure("a key is an object, such as \(Self.example(attributes))")
        }
        if let other = members.first(where: { member in
            !attributes.contains { $0.name == member.name }
        }) {
            throw failure("\(other.name) is no key attribute of the table, which has \(schema)")
        }
        var key: [JSON.Member] = []
        for attribute in attributes {
            guard let value = json[attribute.name] else {
                throw failure("the key attribute \(attribute.name) is missing")
            }
            guard let found = try? AttributeValue(value),
                found.typeName == attribute.type.rawValue
            else {
                throw failure(
                    "\(attribute.name) is no \(attribute.type.rawValue), as the table has")
            }
            let size = ItemSize.of(found)
            let most =
                key.isEmpty
                ? ServiceLimits.partitionKeyBytesMax : ServiceLimits.sortKeyBytesMax
            guard size > 0, size <= most else {
                throw failure(
                    "\(attribute.name) has \(size.counted("byte")), where a key has 1 to \(most)")
            }
            key.append(JSON.Member(attribute.name, value))
        }
        guard members.count == key.count else { throw failure("an attribute stands twice") }
        return JSON.object(key).bytes
    }

    private static func example(_ attributes: [KeyAttribute]) -> String {
        JSON.object(
            attributes.map { attribute in
                let sample = attribute.type == .number ? "1" : "a"
                return JSON.Member(
                    attribute.name, .object([JSON.Member(attribute.type.rawValue, .string(sample))])
                )
            }
        ).text
    }

    /// Reads lines one after the other.
    private final class KeyFile {
        let length: Int
        private let path: String
        private let descriptor: Int32

        init(_ path: String) throws(Failure) {
            self.path = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw Failure(message: "cannot read \(path): \(SystemError.reason(errno))")
            }
            var status = stat()
            let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            length = Int(status.st_size)
            guard isFile else { throw Failure(message: "\(path) is not a regular file") }
        }

        deinit { close(descriptor) }

        /// - Parameter body: is given each line without its end, and where the next begins;
        ///   returns whether it wants more.
        func forEachLine(
            from start: Int, to end: Int, _ body: ([UInt8], Int) throws(Failure) -> Bool
        ) throws(Failure) {
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            var (line, place, lineEnd): ([UInt8], Int, Int) = ([], start, start)
            let end = min(end, length)
            while place < end {
                let count = pread(descriptor, &chunk, min(chunk.count, end - place), off_t(place))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    throw Failure(message: "\(path) was changed while it was being read")
                }
                for piece in chunk[..<count].split(
                    separator: 0x0A, maxSplits: .max, omittingEmptySubsequences: false)
                {
                    let isWhole = piece.endIndex < count
                    line += piece
                    guard line.count <= KeyList.lineBytesMax else {
                        throw Failure(message: "\(path) has a line that is too long for a key")
                    }
                    guard isWhole else { break }
                    lineEnd = place + piece.endIndex + 1
                    guard try body(line, lineEnd) else { return }
                    line.removeAll(keepingCapacity: true)
                }
                place += count
            }
            if !line.isEmpty { _ = try body(line, end) }
        }
    }
}

extension [UInt8] {
    fileprivate var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}

extension RunningDigest {
    fileprivate func addNewline() { [UInt8(0x0A)].withUnsafeBytes { add($0) } }
}
