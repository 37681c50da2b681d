import Dispatch
import DynamoModel
import Flow
import Formats
import System

/// Items of an export's data files. A partition is a file, named as it is; its cursor is the number
/// of lines behind it. What a manifest says of a file is checked as it is read; a line that is no
/// item is refused with its place.
package final class ExportSource: PageSource, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.

    /// What items are read for.
    package enum Purpose: Sendable {
        case copying
        /// Nothing is done with them, and nothing has been: lines that are no items are left out,
        /// not refused.
        case checking
        /// The same, of files that have been written from.
        case checkingAgain
        case comparing
    }

    package let shape: PageShape
    /// Bytes that a file takes that is read, besides its pages.
    package static func memoryOfFile(of data: [DataFile], in files: any FileStore) -> Int {
        data.lazy.map { DataFileReader.memory(of: $0, in: files) }.max() ?? 0
    }
    private let files: any FileStore
    private let data: [DataFile]
    private let schema: KeySchema
    private let format: FormatOptions
    private let cutter: LineCutter
    private let queue: DispatchQueue
    /// Inflating and cutting is work for all cores: a file's is done on one of these.
    private let workers = WorkerQueues("import")
    private let byName: [String: (number: Int, file: DataFile)]
    private let purpose: Purpose
    private let windows: [ChainedWindow]
    /// Of files that are being read.
    private var readers: [String: DataFileReader] = [:]

    /// - Parameters:
    ///   - data: files to be read, each once; those of windows behind all others, in order.
    ///   - windows: that files are of.
    ///   - format: of the files.
    ///   - queue: the flow's.
    package init(
        _ files: any FileStore, _ data: [DataFile], schema: KeySchema,
        windows: [ChainedWindow] = [], in format: FormatOptions = FormatOptions(),
        for purpose: Purpose = .copying, on queue: DispatchQueue
    ) {
        shape = .lines(areChanges: !windows.isEmpty)
        self.windows = windows
        self.files = files
        self.data = data
        self.queue = queue
        self.schema = schema
        self.format = format
        cutter = LineCutter(schema: schema)
        self.purpose = purpose
        byName = Dictionary(
            data.enumerated().map { ($1.name, ($0, $1)) }, uniquingKeysWith: { first, _ in first })
    }

    package func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Flow.Partition]>) {
        let gone = saved.first { byName[$0.partition.name] == nil }
        if let gone {
            let title = files.title(of: gone.partition.name)
            return done(
                .failure(
                    FlowFailure(
                        .giveUp, code: "FileGone",
                        message: "\(title), which an earlier run read, is no longer listed")))
        }
        done(.success(data.map { Self.partition($0) }))
    }

    package func read(
        _ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        let name = request.partition.name
        guard let (number, file) = byName[name], let first = DataFileReader.line(request.after)
        else {
            preconditionFailure("\(request) is of no file that was opened")
        }
        let kept = readers.removeValue(forKey: name)
        // One that has come further, as for a page that is asked for again, can't go back.
        let reader =
            kept.flatMap { $0.line <= first ? $0 : nil }
            ?? DataFileReader(
                files, file, number: number,
                FileText(file.name, format(of: file), schema: schema), cutter,
                schema, window: file.window == 0 ? nil : windows[file.window - 1], for: purpose,
                on: workers.next())
        reader.read(request, from: first, into: buffer) { [self] result in
            queue.async { [self] in
                switch result {
                case .success(let page): if page.next != .end { readers[name] = reader }
                case .failure: readers[name] = reader
                }
                done(result)
            }
        }
    }

    private func format(of file: DataFile) -> FormatOptions {
        // What a manifest counts the lines of is an export's.
        if file.items != nil {
            return format.ofExport(named: file.name, holdsChanges: file.window > 0)
        }
        var options = format
        options.isOnlyFile = data.count == 1
        return options
    }

    /// The cursor before a file's first line.
    static let start = DataFileReader.cursor(0)

    /// The partition of a file.
    package static func partition(_ file: DataFile) -> Flow.Partition {
        Partition(name: file.name, wave: file.window)
    }

    /// Numbers files by their places.
    package static func numbers(of data: [DataFile]) -> PartNumbers {
        let numbers = Dictionary(
            data.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        return { numbers[$0.name] }
    }

    /// Whether a cursor may be one of a file's.
    package static func isCursor(_ cursor: Cursor?) -> Bool { DataFileReader.line(cursor) != nil }

    package func cursor(after item: Int, of page: Page) -> Cursor {
        DataFileReader.cursor((DataFileReader.line(page.request.after) ?? 0) + item + 1)
    }
}

extension PageShape {
    /// Lines of a file: nothing is charged for them.
    /// - Parameter areChanges: a line may hold an item twice, and its key.
    package static func lines(areChanges: Bool = false) -> PageShape {
        let keyBytesMax =
            ServiceLimits.partitionKeyBytesMax + ServiceLimits.sortKeyBytesMax
            + 2 * ServiceLimits.keyNameBytesMax
        return PageShape(
            itemBytesMax: areChanges
                ? 2 * ServiceLimits.itemBytesMax + keyBytesMax : ServiceLimits.itemBytesMax,
            pageBytesMax: ServiceLimits.pageBytesMax,
            replyBytesPerByteMax: ServiceLimits.replyBytesPerStoredByteMax, envelope: 1_024,
            unitBytes: 1 << 40, unit: 0)
    }
}
