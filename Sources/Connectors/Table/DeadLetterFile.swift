import DynamoModel
import Flow
import Glibc
import JSON

/// The file of items that the target refuses for good: JSON lines of table, code, reason and the
/// item as the source sent it, or the line of a file that is no item.
///
/// It comes into being with the first dead letter, readable by its owner alone. A file that exists
/// is never written over: a number is put into the name instead. The record of dead letters is the
/// job; this is the copy of it that is handed to its user at the end.
package final class DeadLetterFile {

    private let wantedPath: String
    private var descriptor: Int32 = -1
    /// Where the dead letters are; nil while there are none.
    package private(set) var path: String?

    /// Files of one name that are looked at before giving up.
    private static let numbersMax = 10_000

    package init(path: String) {
        wantedPath = path
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What the file is called unless the user names it; `table` is a bare name.
    package static func defaultPath(table: String) -> String {
        "./dynaferry-dead-letters-\(table).jsonl"
    }

    /// - Parameter table: the bare name of the target.
    package func append(_ letter: DeadLetter, table: String) throws(FlowFailure) {
        if descriptor < 0 { try create() }
        var head: JSON = [
            "table": .string(table), "code": .string(letter.code),
            "reason": .string(letter.reason),
        ]
        if letter.isLine {
            // It need not be JSON, nor text.
            if let line = String(validating: letter.item, as: UTF8.self) {
                head["line"] = .string(line)
            } else {
                head["lineBase64"] = .string(Base64.encode(letter.item))
            }
            return try write(head.bytes + [0x0A])
        }
        try write(head.bytes.dropLast() + Array(",\"item\":".utf8) + letter.item + [0x7D, 0x0A])
    }

    /// What was appended is on the disk when this returns.
    package func sync() throws(FlowFailure) {
        guard descriptor >= 0 else { return }
        guard fdatasync(descriptor) == 0 || errno == EINVAL else {  // EINVAL: a pipe or terminal
            throw failure(path ?? wantedPath, errno)
        }
    }

    private func create() throws(FlowFailure) {
        for number in 1...Self.numbersMax {
            let candidate = number == 1 ? wantedPath : numbered(number)
            descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            if descriptor >= 0 {
                path = candidate
                return
            }
            guard errno == EEXIST else { throw failure(candidate, errno) }
        }
        throw failure(wantedPath, EEXIST)
    }

    /// `letters.jsonl` becomes `letters-2.jsonl`.
    private func numbered(_ number: Int) -> String {
        let nameStart = wantedPath.lastIndex(of: "/").map { wantedPath.index(after: $0) }
        let name = wantedPath[(nameStart ?? wantedPath.startIndex)...]
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else {
            return "\(wantedPath)-\(number)"
        }
        return "\(wantedPath[..<dot])-\(number)\(wantedPath[dot...])"
    }

    private func write(_ line: [UInt8]) throws(FlowFailure) {
        var written = 0
        while written < line.count {
            let count = line.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path ?? wantedPath, errno) }
            written += count
        }
    }

    private func failure(_ path: String, _ number: Int32) -> FlowFailure {
        FlowFailure(
            .giveUp, code: "DeadLetterFile",
            message: "a dead letter can't be kept in \(path): \(String(cString: strerror(number)))",
            hint: "name another file with --dead-letters")
    }
}
