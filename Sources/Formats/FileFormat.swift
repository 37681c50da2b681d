import DynamoModel

/// How the files of a source hold items (see the guide, "Exports").
package enum FileFormat: String, CaseIterable, Sendable {
    /// A line an item, `{"Item":{...}}`: DynamoDB's own export, and ours.
    case export
    /// A line an item, its attributes alone: `{"pk":{"S":"a"}}`.
    case items
    /// What `aws dynamodb scan` and `query` print, one or several: `{"Items":[...]}`; or a list.
    case scan
    /// What `aws dynamodb batch-write-item` takes: `{"TABLE":[{"PutRequest":{"Item":{...}}}]}`.
    case batchWrite = "batch-write"
    /// What Data Pipeline and the EMR connector wrote: a line an item, types in lower case, in
    /// either of its two forms.
    case dataPipeline = "data-pipeline"
    case csv
    /// Text in Amazon Ion, as DynamoDB's export has it on demand.
    case ion
}

/// What is needed to read a file besides its bytes.
package struct FormatOptions: Equatable, Sendable {
    /// nil: its first bytes decide.
    package var format: FileFormat?
    package var csv = CSVOptions()
    /// The source has no other file: what says that more follows is not made up for by another.
    package var isOnlyFile = false
    /// It is of an incremental export: its lines are changes.
    package var holdsChanges = false

    package init() {}

    /// Distinguishes these from others.
    package var text: String {
        let types = csv.types.map { "\($0.key):\($0.value.rawValue)" }.sorted()
        return "\(format?.rawValue ?? "") \(csv.delimiter) "
            + "\(csv.header?.joined(separator: ",") ?? "") \(types.joined(separator: ","))"
    }
}

/// How a file is read.
package enum FileReading {
    /// Its lines are cut as they are.
    case lines(LineCutter.Form)
    case made(any LineMaker)
}

extension FormatOptions {
    /// How a file is to be read.
    /// - Parameters:
    ///   - bytes: its first, inflated.
    ///   - name: of the file.
    ///   - isWhole: nothing follows them.
    /// - Returns: nil where more of them are needed.
    /// - Throws: ``FormatFlaw``
    package func reading(
        _ bytes: UnsafeRawBufferPointer, named name: String, isWhole: Bool, schema: KeySchema
    ) throws(FormatFlaw) -> FileReading? {
        if holdsChanges {
            return Self.ending(of: name) == "ion"
                ? .made(RecordLines(IonChanges(), form: .change)) : .lines(.change)
        }
        if let format { return try reading(format, bytes, isWhole: isWhole, schema) }
        switch Self.ending(of: name) {
        case "csv": return .made(RecordLines(CSVRecords(csv, schema: schema)))
        case "ion": return .made(RecordLines(IonRecords()))
        default: break
        }
        var look = FirstLook(bytes, isWhole: isWhole)
        switch try look.found() {
        case .undecided: return nil
        case .lines(let form): return .lines(form)
        case .document(let form): return .made(DocumentLines(form, isWhole: isOnlyFile))
        case .dataPipeline: return .made(RecordLines(DataPipelineRecords()))
        case .ion: return .made(RecordLines(IonRecords()))
        case .changes:
            throw FormatFlaw(
                "holds changes, as an incremental export does, and not items",
                hint: "name the folder that it was exported into: its manifest is needed")
        case .request:
            throw FormatFlaw(
                "is a request with RequestItems around its tables",
                hint: "take that off: jq .RequestItems FILE > requests.json")
        }
    }

    /// The last part of a file's name, but for what says how it is compressed.
    private static func ending(of name: String) -> String? {
        let last = name.split(separator: "/").last ?? ""
        var words = last.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        if words.count > 2, words.last == "gz" || words.last == "zst" { words.removeLast() }
        return words.count > 1 && words[0] != "" ? words.last.map(String.init) : nil
    }

    /// How a file is read that a manifest lists: what wrote it is known.
    package func ofExport(named name: String, holdsChanges: Bool = false) -> FormatOptions {
        var options = self
        options.holdsChanges = holdsChanges
        if format == nil { options.format = Self.ending(of: name) == "ion" ? .ion : .export }
        return options
    }

    private func reading(
        _ format: FileFormat, _ bytes: UnsafeRawBufferPointer, isWhole: Bool, _ schema: KeySchema
    ) throws(FormatFlaw) -> FileReading? {
        switch format {
        case .export: return .lines(.item)
        case .items: return .lines(.attributes)
        case .dataPipeline: return .made(RecordLines(DataPipelineRecords()))
        case .csv: return .made(RecordLines(CSVRecords(csv, schema: schema)))
        case .ion: return .made(RecordLines(IonRecords()))
        case .scan: return .made(DocumentLines(.attributes))
        case .batchWrite:
            // A line a request is as common.
            var look = FirstLook(bytes, isWhole: isWhole)
            switch try look.found() {
            case .undecided: return nil
            case .lines(.putRequest): return .lines(.putRequest)
            default: return .made(DocumentLines(.putRequest))
            }
        }
    }

    /// Bytes that are looked at, at most, to tell a file's format.
    package static let looked = FirstLook.bytesMax
}
