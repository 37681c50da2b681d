import Dispatch
import Flow
import JSON
import System

/// Writes items as DynamoDB's own export does: a line of JSON an item, `{"Item":{...}}`, in files
/// that are compressed as a whole. An item's bytes go as they came. A unit is a file: it is kept in
/// memory, compressed, until it is sealed, and then written at once.
package final class ExportSink: UnitSink {
    /// How files are made.
    package struct Settings: Sendable {
        /// In the store.
        package var folder: String
        package var job: UInt64
        package var epoch: UInt16
        package var compression = FileCompression.usual
        /// Bytes of a file, compressed, at which it is full.
        package var fileBytes = 16 << 20

        package init(folder: String, job: UInt64, epoch: UInt16) {
            self.folder = folder
            self.job = job
            self.epoch = epoch
        }

        /// Of JSON that goes into a batch: what a file may have beyond ``fileBytes``.
        static let batchBytes = 1 << 20

        /// Bytes that an open file takes.
        package var unitMemory: Int {
            fileBytes + 2 * Self.batchBytes + compression.compressorBytes
        }
    }

    package let shape: BatchShape
    private let files: any WritableFileStore
    private let settings: Settings
    /// Compressing is work for all cores: a unit's is done on one of these.
    private let workers = WorkerQueues("export")
    private let open: Locked<[UnitID: OpenFile]>

    package init(_ files: any WritableFileStore, _ settings: Settings) {
        self.files = files
        self.settings = settings
        var shape = BatchShape.inPlace(itemsMax: Int(Int32.max))
        shape.bytesMax = Settings.batchBytes
        shape.unitMemory = settings.unitMemory
        self.shape = shape
        open = Locked([:])
    }

    package func write(
        _ batch: [BatchItem], in unit: UnitID, _ done: @escaping Done<BatchReply>
    ) {
        let file = open.withLock { open in
            if let file = open[unit] { return file }
            let file = OpenFile(settings.compression, on: workers.next())
            open[unit] = file
            return file
        }
        file.queue.async { [settings] in
            file.add(batch)
            var reply = BatchReply(units: [0])
            reply.isUnitFull = file.bytes.count >= settings.fileBytes
            done(.success(reply))
        }
    }

    package func seal(_ unit: UnitID, _ done: @escaping Done<[UInt8]>) {
        guard let file = open.withLock({ $0[unit] }) else {
            preconditionFailure("\(unit) is sealed without a batch")
        }
        file.queue.async { [self] in
            file.finish()
            let name = name(of: unit)
            files.write(name, file.bytes, .replaces) { [self] result in
                done(
                    result.map { written in
                        open.withLock { $0[unit] = nil }
                        var etag: String?
                        if case .written(let known) = written { etag = known }
                        return DataFile(name: name, of: file, etag: etag).stored
                    })
            }
        }
    }

    private func name(of unit: UnitID) -> String {
        guard let segment = ScanSource.segment(unit.partition) else {
            preconditionFailure("\(unit.partition) is no segment")
        }
        let name = DataFileName(
            job: settings.job, epoch: settings.epoch,
            partition: UInt32(truncatingIfNeeded: segment),
            ordinal: UInt32(truncatingIfNeeded: unit.ordinal))
        return settings.folder + name.text + settings.compression.suffix
    }
}

/// A file that is being made. It belongs to its partition's batch, then to its seal.
private final class OpenFile: @unchecked Sendable {
    // @unchecked: the flow has one batch of a unit under way, and seals it after the last.
    let queue: DispatchQueue
    let bytes = ByteBuffer()
    private(set) var items = 0
    private(set) var linesBytes = 0
    private let compressor: (any Compressor)?
    private let lines = ByteBuffer()
    private var isFinished = false

    init(_ compression: FileCompression, on queue: DispatchQueue) {
        self.queue = queue
        compressor = compression.compressor
    }

    func add(_ batch: [BatchItem]) {
        let output = compressor == nil ? bytes : lines
        for item in batch { ExportLine.write(item.bytes, to: output) }
        items += batch.count
        guard let compressor else { return }
        linesBytes += lines.count
        compressor.write(lines.bytes, into: bytes)
        lines.removeAll()
    }

    /// Asked again, it does nothing: the file is as it was.
    func finish() {
        if isFinished { return }
        isFinished = true
        compressor?.finish(into: bytes)
        lines.release()
    }
}

extension DataFile {
    fileprivate init(name: String, of file: OpenFile, etag: String?) {
        self.init(
            name: name, items: file.items, bytes: file.bytes.count,
            md5: MD5.hash(file.bytes.bytes), etag: etag)
    }
}

/// A line of an export's data file.
enum ExportLine {
    /// An item as a reply had it. White space between its parts may be an end of line, which would
    /// end the line here.
    static func write(_ item: UnsafeRawBufferPointer, to output: ByteBuffer) {
        output.append("{\"Item\":")
        if item.contains(0x0A) {
            // In a string it would be escaped (RFC 8259 section 7).
            output.append(item.map { $0 == 0x0A ? 0x20 : $0 })
        } else {
            output.append(item)
        }
        output.append("}\n")
    }
}

/// How data files are compressed.
package enum FileCompression: Equatable, Sendable {
    case none
    /// 1, the fastest, to 9, the smallest.
    case gzip(level: Int)

    /// 1, the fastest, to 19, the smallest.
    case zstd(level: Int)

    package static let usual = FileCompression.gzip(level: 6)

    fileprivate var compressor: (any Compressor)? {
        switch self {
        case .none: nil
        case .gzip(let level): GzipWriter(level: Int32(clamping: level))
        case .zstd(let level): ZstdWriter(level: Int32(clamping: level))
        }
    }

    /// What a compressor keeps: of zlib 32 KB of window, hashes and pending bytes.
    fileprivate var compressorBytes: Int {
        switch self {
        case .none: 0
        case .gzip: 512 << 10
        case .zstd(let level): ZstdWriter.memory(level: level)
        }
    }

    /// Of names.
    package var suffix: String {
        switch self {
        case .none: ".json"
        case .gzip: ".json.gz"
        case .zstd: ".json.zst"
        }
    }
}
