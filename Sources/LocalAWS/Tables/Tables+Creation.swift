import DynamoModel
import Pacing
import System

extension Tables {
    /// Creates a table that is ready when the change is over, or at once when `isReady`.
    func create(
        _ definition: TableDefinition, schema: KeySchema,
        features: TableFeatures = TableFeatures(), _ change: ChangeTime, isReady: Bool = false
    ) throws(ServiceError) -> Table {
        // Backups come a moment after the table.
        let backupsReadyAt = isReady ? change.now : change.end + phaseDuration / 2
        return try add(definition.name, at: change.now) { generator in
            Table(
                definition, schema: schema, features, arn: arn(of: definition.name),
                identifier: Self.identifier(using: &generator), createdAt: change.today,
                backupsReadyAt: backupsReadyAt, rules: rules, at: change.now,
                phase: isReady ? .active : .creating(until: change.end))
        }
    }

    /// Names in order, tables being deleted included.
    func names(at now: Instant) -> [String] {
        unorderedNames(at: now).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// A random UUID (RFC 9562, version 4).
    static func identifier(using generator: inout SeededGenerator) -> String {
        var bytes = (0..<2).flatMap { _ in
            withUnsafeBytes(of: generator.next().bigEndian, Array.init)
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
