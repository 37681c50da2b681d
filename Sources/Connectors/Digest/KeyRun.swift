import Flow
import Glibc
import System

/// Key records in the order of their hashes, in a file that nobody else sees: it has no name once
/// it is open, so nothing is left of it when the process ends, however it does.
final class KeyRun: Sendable {
    let descriptor: Int32
    let bytes: Int

    private init(_ descriptor: Int32, bytes: Int) {
        self.descriptor = descriptor
        self.bytes = bytes
    }

    deinit { close(descriptor) }

    /// Writes what `fill` puts, which must come in order.
    static func write(
        in folder: String, _ fill: (inout Writer) throws(FlowFailure) -> Void
    ) throws(FlowFailure) -> KeyRun {
        var path = Array("\(folder)/dynaferry-keys.XXXXXX".utf8CString)
        let descriptor = path.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
        guard descriptor >= 0 else { throw failure(folder) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        path.withUnsafeBufferPointer { _ = unlink($0.baseAddress!) }
        var writer = Writer(descriptor, folder)
        do throws(FlowFailure) {
            try fill(&writer)
            try writer.flush()
        } catch {
            close(descriptor)
            throw error
        }
        return KeyRun(descriptor, bytes: writer.written)
    }

    fileprivate static func failure(_ folder: String) -> FlowFailure {
        FlowFailure(
            .giveUp, code: "ScratchFile",
            message: "keys can't be kept in \(folder): \(String(cString: strerror(errno)))",
            hint: "TMPDIR names another folder, with room for the keys of items that differ")
    }

    /// What stands before each key: both hashes, the side, and the key's length.
    fileprivate static let headBytes = 16 + 16 + 1 + 4

    struct Writer {
        private let descriptor: Int32
        private let folder: String
        private var buffer: [UInt8] = []
        private(set) var written = 0

        fileprivate init(_ descriptor: Int32, _ folder: String) {
            self.descriptor = descriptor
            self.folder = folder
            buffer.reserveCapacity(KeyRun.bufferBytes)
        }

        mutating func put(
            _ digest: ItemDigest, isTarget: Bool, key: some Collection<UInt8>
        ) throws(FlowFailure) {
            if buffer.count + KeyRun.headBytes + key.count > KeyRun.bufferBytes { try flush() }
            for number in [digest.key, digest.item] {
                withUnsafeBytes(of: number.littleEndian) { buffer.append(contentsOf: $0) }
            }
            buffer.append(isTarget ? 1 : 0)
            withUnsafeBytes(of: UInt32(key.count).littleEndian) { buffer.append(contentsOf: $0) }
            buffer.append(contentsOf: key)
        }

        fileprivate mutating func flush() throws(FlowFailure) {
            var offset = 0
            while offset < buffer.count {
                let count = buffer.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
                }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw KeyRun.failure(folder) }
                offset += count
            }
            written += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
    }

    /// Holds the longest record there is many times over.
    fileprivate static let bufferBytes = 1 << 16

    /// Reads a run from its start.
    struct Reader {
        private let run: KeyRun
        private var buffer: [UInt8] = []
        private var position = 0
        private var fileOffset = 0

        init(_ run: KeyRun) { self.run = run }

        mutating func next() throws(FlowFailure) -> KeyRecord? {
            guard try has(KeyRun.headBytes) else { return nil }
            func number(_ offset: Int) -> UInt128 {
                buffer.withUnsafeBytes {
                    UInt128(
                        littleEndian: $0.loadUnaligned(
                            fromByteOffset: position + offset, as: UInt128.self))
                }
            }
            let digest = ItemDigest(key: number(0), item: number(16))
            let isTarget = buffer[position + 32] == 1
            let length = buffer.withUnsafeBytes {
                Int(
                    UInt32(
                        littleEndian: $0.loadUnaligned(
                            fromByteOffset: position + 33, as: UInt32.self)))
            }
            guard try has(KeyRun.headBytes + length) else { return nil }
            let start = position + KeyRun.headBytes
            position = start + length
            return KeyRecord(
                digest: digest, isTarget: isTarget, key: Array(buffer[start..<position]))
        }

        /// Whether so many bytes are left; they are in the buffer then.
        private mutating func has(_ count: Int) throws(FlowFailure) -> Bool {
            guard buffer.count - position < count else { return true }
            buffer.removeFirst(position)
            position = 0
            let room = max(KeyRun.bufferBytes, count) - buffer.count
            let more = [UInt8](unsafeUninitializedCapacity: room) { target, filled in
                filled = max(0, pread(run.descriptor, target.baseAddress!, room, fileOffset))
            }
            fileOffset += more.count
            buffer += more
            if buffer.count >= count { return true }
            // A short read before the end is no end.
            if !more.isEmpty { return try has(count) }
            guard fileOffset == run.bytes else { throw KeyRun.failure("its file") }
            return false
        }
    }
}
