import CSQLite

/// What SQLite could not do, in its own words. Bound values never stand in it.
package struct DatabaseError: Error, CustomStringConvertible, Equatable, Sendable {
    /// SQLite's extended result code (sqlite.org, "Result and Error Codes").
    package var code: Int32
    package var message: String
    package var path: String

    private var primaryCode: Int32 { code & 0xFF }
    package var isFull: Bool { primaryCode == SQLITE_FULL }
    package var isReadOnly: Bool {
        primaryCode == SQLITE_READONLY || primaryCode == SQLITE_CANTOPEN
    }
    /// The file holds something else than a database.
    package var isNoDatabase: Bool { primaryCode == SQLITE_NOTADB || primaryCode == SQLITE_CORRUPT }

    package var description: String { "\(path): \(message)" }
}

extension DatabaseError {
    /// Of the SQLite that the program runs with.
    package static var libraryVersion: String { String(cString: sqlite3_libversion()) }
}

/// A value of a row: what SQLite stores.
package enum DatabaseValue: Equatable, Sendable {
    case null
    case integer(Int)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// nil for another type, and for a number that makes no sense where it is read.
    package func integer(in range: ClosedRange<Int>) -> Int? {
        if case .integer(let value) = self, range.contains(value) { value } else { nil }
    }

    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var blob: [UInt8]? { if case .blob(let value) = self { value } else { nil } }
    package var real: Double? {
        switch self {
        case .real(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}

extension DatabaseValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(_ value: Int?) { self = value.map { .integer($0) } ?? .null }
    package init(_ value: String?) { self = value.map { .text($0) } ?? .null }
    package init(_ value: Double?) { self = value.map { .real($0) } ?? .null }
    package init(_ value: [UInt8]?) { self = value.map { .blob($0) } ?? .null }
}

/// An SQLite database file, and the only place that calls SQLite.
///
/// A connection belongs to one serial queue at a time. Statements are prepared once and kept. The
/// corresponding C functions are `sqlite3_open_v2`, `sqlite3_prepare_v3`, `sqlite3_step`.
package final class Database: @unchecked Sendable {
    // @unchecked: its owner confines it to one queue at a time; SQLite itself is built
    // thread-safe, so that handing it over is sound.

    package enum Access {
        case write
        /// Never disturbs a writer: in WAL mode readers block no writer.
        case read
    }

    package let path: String
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// A reader of a file that is just being closed or checkpointed waits so long.
    private static let busyMilliseconds: Int32 = 2_000

    package init(_ path: String, _ access: Access) throws(DatabaseError) {
        let flags =
            switch access {
            case .write: SQLITE_OPEN_READWRITE
            case .read: SQLITE_OPEN_READONLY
            }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.map { Self.message($0) } ?? "no memory"
            sqlite3_close_v2(handle)
            throw DatabaseError(code: code, message: message, path: path)
        }
        self.path = path
        self.handle = handle
        sqlite3_busy_timeout(handle, Self.busyMilliseconds)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Executes one statement that returns no rows.
    package func run(_ sql: String, _ values: DatabaseValue...) throws(DatabaseError) {
        try step(sql, values) { _ in }
    }

    /// The rows that a statement returns, each as its columns' values.
    package func rows(_ sql: String, _ values: DatabaseValue...) throws(DatabaseError)
        -> [[DatabaseValue]]
    {
        var rows: [[DatabaseValue]] = []
        try step(sql, values) { statement in
            let columns = 0..<sqlite3_column_count(statement)
            rows.append(columns.map { Self.value(statement, $0) })
        }
        return rows
    }

    /// Executes several statements, none of which returns rows or takes values.
    package func execute(_ script: String) throws(DatabaseError) {
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// What `body` does happens as a whole or not at all.
    package func transaction<Value>(
        _ body: () throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value {
        try run("BEGIN IMMEDIATE")
        do throws(DatabaseError) {
            let value = try body()
            try run("COMMIT")
            return value
        } catch {
            // SQLite may have rolled back by itself, as when the disk is full.
            if sqlite3_get_autocommit(handle) == 0 {
                _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            }
            throw error
        }
    }

    private func step(
        _ sql: String, _ values: [DatabaseValue], _ row: (OpaquePointer) -> Void
    ) throws(DatabaseError) {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { try bind(value, Int32(index + 1), statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: row(statement)
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
        }
    }

    private func prepared(_ sql: String) throws(DatabaseError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        statements[sql] = statement
        return statement
    }

    private func bind(
        _ value: DatabaseValue, _ index: Int32, _ statement: OpaquePointer
    ) throws(DatabaseError) {
        let code =
            switch value {
            case .null: sqlite3_bind_null(statement, index)
            case .integer(let value): sqlite3_bind_int64(statement, index, Int64(value))
            case .real(let value): sqlite3_bind_double(statement, index, value)
            case .text(let text):
                shim_bind_text(statement, index, text, Int32(text.utf8.count))
            case .blob(let bytes):
                bytes.withUnsafeBytes {
                    // An empty blob needs an address too, or it becomes NULL.
                    shim_bind_blob(
                        statement, index, $0.baseAddress ?? UnsafeRawPointer(statement),
                        Int32($0.count))
                }
            }
        guard code == SQLITE_OK else { throw failure(code) }
    }

    private static func value(_ statement: OpaquePointer, _ column: Int32) -> DatabaseValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(Int(sqlite3_column_int64(statement, column)))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            return .text(String(cString: sqlite3_column_text(statement, column)))
        case SQLITE_BLOB:
            let count = Int(sqlite3_column_bytes(statement, column))
            guard let start = sqlite3_column_blob(statement, column) else { return .blob([]) }
            return .blob(Array(UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(code: code, message: Self.message(handle), path: path)
    }

    /// SQLite's words, and the system's where a file could not be opened, read or written: SQLite
    /// itself says no more than `unable to open database file`. The corresponding C functions are
    /// `sqlite3_errmsg` and `sqlite3_system_errno`.
    private static func message(_ handle: OpaquePointer) -> String {
        let words = String(cString: sqlite3_errmsg(handle))
        let isOfSystem = [SQLITE_CANTOPEN, SQLITE_IOERR].contains(sqlite3_errcode(handle) & 0xFF)
        let number = sqlite3_system_errno(handle)
        return isOfSystem && number != 0 ? "\(words): \(SystemError.reason(number))" : words
    }
}
