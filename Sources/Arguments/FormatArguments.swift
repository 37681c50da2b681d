import CommandLine
import Formats

/// Options that say how files hold their items. They are the same wherever files are read.
enum FormatArguments {
    /// - Parameter path: where they are kept.
    static func options<Arguments>(
        _ path: WritableKeyPath<Arguments, FormatOptions> & Sendable
    ) -> [Option<Arguments>] {
        [
            Option(
                ["--format"], .choice, in: .files, default: "what the first bytes of a file say",
                """
                How the files hold items: export (a line {"Item":...}), items (a line of \
                attributes), scan (what aws dynamodb scan prints), batch-write (PutRequests), \
                data-pipeline, csv, ion.
                """
            ) { arguments, _, value in arguments[keyPath: path].format = value }.perTable,
            Option(
                ["--csv-types"], .columnTypes, in: .files, default: "keys as the table has them",
                """
                Types of columns of CSV files, as age:N,active:BOOL: S, N, B (base 64) or BOOL. \
                All others are S. An empty value is left out.
                """
            ) { arguments, _, value in arguments[keyPath: path].csv.types = value.types }.perTable,
            Option(
                ["--csv-header"], .columns, in: .files, default: "the first row",
                "Names of the columns of CSV files that have no header, as id,name,age."
            ) { arguments, _, value in arguments[keyPath: path].csv.header = value.names }.perTable,
            Option(
                ["--csv-delimiter"], .choice, in: .files, default: "comma",
                "What stands between the values of CSV files."
            ) { (arguments, _, value: Delimiter) in
                arguments[keyPath: path].csv.delimiter = value.byte
            }.perTable,
        ]
    }

    /// The delimiters that DynamoDB's import takes (developer guide, "Import formats").
    private enum Delimiter: String, CaseIterable, Sendable {
        case comma, semicolon, colon, pipe, tab, space

        var byte: UInt8 {
            switch self {
            case .comma: 0x2C
            case .semicolon: 0x3B
            case .colon: 0x3A
            case .pipe: 0x7C
            case .tab: 0x09
            case .space: 0x20
            }
        }
    }
}

/// `id,name,age`
struct ColumnNames: Sendable {
    let text: String
    var names: [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// nil for anything else.
    init?(_ text: String) {
        self.text = text
        if names.contains("") || Set(names).count < names.count { return nil }
    }
}

/// `age:N,active:BOOL`
struct ColumnTypes: Sendable {
    let text: String
    let types: [String: CSVOptions.ColumnType]

    /// nil for anything else.
    init?(_ text: String) {
        var types: [String: CSVOptions.ColumnType] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = part.lastIndex(of: ":"), colon > part.startIndex,
                let type = CSVOptions.ColumnType(
                    rawValue: String(part[part.index(after: colon)...])),
                types.updateValue(type, forKey: String(part[..<colon])) == nil
            else { return nil }
        }
        self.text = text
        self.types = types
    }
}

extension ValueKind where Value == ColumnNames {
    fileprivate static var columns: Self {
        ValueKind(
            name: "COLUMNS", expected: "names of columns, each once, as id,name,age",
            parse: { ColumnNames($0) }, show: { $0.text })
    }
}

extension ValueKind where Value == ColumnTypes {
    fileprivate static var columnTypes: Self {
        ValueKind(
            name: "TYPES",
            expected: "columns with their types S, N, B or BOOL, as age:N,active:BOOL",
            parse: { ColumnTypes($0) }, show: { $0.text })
    }
}
