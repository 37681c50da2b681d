import Flow
import Pacing
import System

/// Files are looked at and written one at a time, outside of a flow: failures that may pass are
/// waited out here.
extension FileStore {
    /// All files whose names begin so.
    package func listed(_ prefix: String, patience: Duration) async throws(FlowFailure)
        -> [FileEntry]
    {
        try await RetriedCall(patience).call { list(prefix, $0) }
    }

    /// A whole file.
    /// - Throws: also where it is longer than `bytesMax`.
    package func whole(
        _ name: String, bytesMax: Int, patience: Duration
    ) async throws(FlowFailure) -> [UInt8] {
        let buffer = ByteBuffer()
        let part: FilePart = try await RetriedCall(patience).call { done in
            buffer.removeAll()
            read(name, 0..<(bytesMax + 1), version: nil, into: buffer, done)
        }
        let bytes = part.fileBytes ?? buffer.count
        guard bytes <= bytesMax else {
            throw FlowFailure(
                .giveUp, code: "FileTooLong",
                message:
                    "\(title(of: name)) has \(bytes.counted("byte")), more than such a file has"
            )
        }
        return Array(buffer.bytes)
    }
}

extension WritableFileStore {
    /// Writes a file that is to be there only once.
    /// - Throws: also where one of its name is there that has other bytes.
    package func writeOnce(
        _ name: String, _ bytes: [UInt8], patience: Duration
    ) async throws(FlowFailure) {
        guard try await writeIfAbsent(name, bytes, patience: patience) == .wasThere else { return }
        // An earlier attempt may have been carried out without an answer.
        let there = try await whole(name, bytesMax: max(bytes.count, 1 << 20), patience: patience)
        guard there == bytes else {
            throw FlowFailure(
                .giveUp, code: "FileIsThere",
                message: "\(title(of: name)) is there already, and is not this job's",
                hint: "another process writes the same export, or it was put there by hand")
        }
    }

    /// Writes a file unless one of its name is there, which stays.
    package func writeIfAbsent(
        _ name: String, _ bytes: [UInt8], patience: Duration
    ) async throws(FlowFailure) -> FileWritten {
        let buffer = ByteBuffer()
        buffer.append(bytes)
        return try await RetriedCall(patience).call { write(name, buffer, .isNew, $0) }
    }

    package func removed(_ name: String, patience: Duration) async throws(FlowFailure) {
        let _: Void = try await RetriedCall(patience).call { remove(name, $0) }
    }
}

/// Repeats a call while its failures may pass.
private struct RetriedCall {
    private let deadline: Instant
    private let time = MonotonicTime()
    private static let backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))

    init(_ patience: Duration) { deadline = time.now + patience }

    func call<Value: Sendable>(
        _ start: (@escaping Done<Value>) -> Void
    ) async throws(FlowFailure) -> Value {
        var generator = SeededGenerator(seed: UInt64(bitPattern: time.now.nanoseconds))
        var attempt = 0
        while true {
            let result = await withCheckedContinuation { continuation in
                start { continuation.resume(returning: $0) }
            }
            guard case .failure(let failure) = result else { return try result.get() }
            let delay = Self.backoff.delay(attempt: attempt, using: &generator)
            let mayPass = failure.remedy == .retry || failure.remedy == .slowDown
            guard mayPass, time.now + delay < deadline else { throw failure }
            await Pause.lasting(delay)
            attempt += 1
        }
    }
}
