import Flow
import Glibc
import System

/// The right to write some targets as copies of their sources, held by one process at a time:
/// taken before the tables are looked at, so that of several commands that are started at once one
/// finds them as they are. (flock(2): a lock ends with its process.)
///
/// Each pair has a file in the state folder, which says which job has it, or had it last.
package final class PairLocks: Sendable {
    /// What a pair is locked for: a copy and a repair write, and exclude each other.
    package enum Purpose: String {
        case writing
        case comparing
    }

    /// What is locked together: who reaches the same two with credentials of the same origin has
    /// the same name for it.
    package struct Pair: Sendable {
        /// For people.
        var source: String
        var target: String
        fileprivate var words: [String]

        /// - Parameter words: whatever both are known by.
        package init(source: String, target: String, words: [String]) {
            self.source = source
            self.target = target
            self.words = words
        }
    }

    /// Another process has a pair.
    package struct Taken: Error {
        /// For people.
        package let source: String
        package let target: String
        /// nil where the pair's file says nothing that makes sense.
        package let owner: (process: Int, job: String?)?
    }

    private struct Held: Sendable {
        let lock: FileLock
        let path: String
        /// The job that had the pair last.
        let jobBefore: String?
    }

    /// In the order of the pairs.
    private let held: [Held]
    private let jobLock = Locked<FileLock?>(nil)

    /// - Throws: ``Taken`` that says who has one of the pairs.
    package init(
        _ pairs: [Pair], for purpose: Purpose, in folder: JobFolder
    ) async throws {
        try folder.prepare()
        let places = folder.path + "/locks"
        guard mkdir(places, 0o700) == 0 || errno == EEXIST else {
            throw JobError(
                "\(places) can't be made: \(String(cString: strerror(errno)))",
                hint: "name another folder with --state-dir")
        }
        // Always in the same order: else two commands could refuse each other.
        var locks: [Int: Held] = [:]
        let names = pairs.map { Self.name(of: $0, for: purpose) }
        for (number, name) in names.enumerated().sorted(by: { $0.element < $1.element }) {
            let path = "\(places)/\(name)"
            guard let lock = try await Self.lock(path, in: folder) else {
                throw Taken(
                    source: pairs[number].source, target: pairs[number].target,
                    owner: Owner(fileAt: path).map { ($0.process, $0.job) })
            }
            locks[number] = Held(lock: lock, path: path, jobBefore: Owner(fileAt: path)?.job)
        }
        held = pairs.indices.map { locks[$0]! }
        write(job: nil)
    }

    /// The job that had a pair before this process.
    package func jobBefore(pair: Int) -> String? { held[pair].jobBefore }

    /// Says in each pair's file whose it is.
    /// - Parameter job: nil while that is not known: the last one's stays.
    package func write(job: String?) {
        for pair in held {
            Owner(process: Int(getpid()), job: job ?? pair.jobBefore).write(to: pair.path)
        }
    }

    /// The pairs are this job's, whose lock is freed with theirs.
    package func keep(_ job: OpenJob) {
        guard let kept = job.kept else { return }
        write(job: job.record.id)
        jobLock.withLock { $0 = kept.lock }
    }

    /// Frees them, also where others still refer to them.
    package func release() {
        jobLock.withLock { $0 }?.release()
        for pair in held { pair.lock.release() }
    }

    /// - Returns: nil if another process has it, which says so in the file: who has just taken a
    ///   lock is waited for until it has.
    private static func lock(_ path: String, in folder: JobFolder) async throws -> FileLock? {
        for _ in 0..<100 {
            if let lock = try folder.lock(fileAt: path) { return lock }
            if let owner = Owner(fileAt: path), owner.isRunning { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    private static func name(of pair: Pair, for purpose: Purpose) -> String {
        let text = ([purpose.rawValue] + pair.words).joined(separator: "\n")
        return Hex.text(Array(SHA256().hash(Array(text.utf8))[..<16]))
    }
}

/// What a pair's file says: a process, and its job.
private struct Owner {
    var process: Int
    var job: String?

    private static let bytesMax = 256
    /// Each text has this length, so that one takes the place of another in a single write.
    private static let textBytes = 128

    /// Whether this machine knows such a process; the one that had the lock before is gone.
    var isRunning: Bool {
        guard let number = pid_t(exactly: process), number > 0 else { return false }
        return kill(number, 0) == 0 || errno == EPERM
    }

    init(process: Int, job: String?) {
        self.process = process
        self.job = job
    }

    /// nil where it says nothing that makes sense.
    init?(fileAt path: String) {
        guard let bytes = try? WholeFile.bytes(ofFileAt: path, bytesMax: Self.bytesMax) else {
            return nil
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard let process = words.first.flatMap({ Int($0) }) else { return nil }
        self.process = process
        job = words.count > 1 && JobFolder.isID(String(words[1])) ? String(words[1]) : nil
    }

    /// It only informs: what can't be written is left.
    func write(to path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let text = Array("\(process) \(job ?? "")".utf8)
        guard text.count < Self.textBytes else { return }
        let line =
            text + Array(repeating: UInt8(ascii: " "), count: Self.textBytes - 1 - text.count)
        _ = pwrite(descriptor, line + [UInt8(ascii: "\n")], Self.textBytes, 0)
    }
}
