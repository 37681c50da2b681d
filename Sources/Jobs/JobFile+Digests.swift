import Connectors
import Flow
import JSON
import Status
import System

/// How far a table's verification is, as a job's file keeps it.
package struct VerifyState: Equatable, Sendable {
    package var key: DigestKey
    package var source = DigestState()
    package var target = DigestState()
    /// Items that have been repaired.
    package var repairs = VerifyCounters()
}

extension JobFile {
    private static let sides: [WritableKeyPath<VerifyState, DigestState> & Sendable] = [
        \.source, \.target,
    ]

    func verifyState(ofTable table: Int) throws(JobError) -> VerifyState? {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                "SELECT digest_key, repairs FROM tables WHERE number = ?", .integer(table))
        }
        guard let row = rows.first, let key = row[0].blob else { return nil }
        guard key.count == 16, let repairs = Self.json(row[1]) else { throw damaged }
        var state = VerifyState(key: DigestKey(bytes: key), repairs: VerifyCounters(json: repairs))
        for (side, path) in Self.sides.enumerated() {
            state[keyPath: path] = try digests(ofTable: table, side: side)
        }
        // They will be compared, bucket by bucket.
        let counts = Set([state.source, state.target].map(\.buckets.count).filter { $0 > 0 })
        guard counts.count <= 1 else { throw damaged }
        return state
    }

    private func digests(ofTable table: Int, side: Int) throws(JobError) -> DigestState {
        let (buckets, segments) = try Self.wrapped { () throws(DatabaseError) in
            (
                try database.rows(
                    "SELECT sums FROM digest_buckets WHERE in_table = ? AND side = ?",
                    .integer(table), .integer(side)),
                try database.rows(
                    """
                    SELECT segment, cursor, sum FROM digest_segments
                    WHERE in_table = ? AND side = ?
                    """, .integer(table), .integer(side))
            )
        }
        guard let sums = buckets.first?[0].blob else { return DigestState() }
        guard let read = DigestSum.read(sums), read.count.nonzeroBitCount == 1 else {
            throw damaged
        }
        var state = DigestState(buckets: read)
        for row in segments {
            // Whether there is such a segment, or such a file, is for who knows them.
            guard let segment = row[0].integer(in: 0...Self.countMax),
                let sum = row[2].blob.flatMap(DigestSum.read)?.first
            else { throw damaged }
            state.segments.append(
                SegmentDigest(segment: segment, cursor: row[1].blob, sum: sum))
        }
        return state
    }

    func beginVerify(table: Int, key: DigestKey) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                try forgetDigests(ofTable: table)
                try database.run(
                    "UPDATE tables SET digest_key = ? WHERE number = ?", .blob(key.bytes),
                    .integer(table))
            }
        }
    }

    /// Nothing of what a table's items add up to is known any more.
    func forgetDigests(ofTable table: Int) throws(DatabaseError) {
        for name in ["digest_buckets", "digest_segments"] {
            try database.run("DELETE FROM \(name) WHERE in_table = ?", .integer(table))
        }
        try database.run(
            "UPDATE tables SET digest_key = NULL, repairs = '{}', verdict = NULL WHERE number = ?",
            .integer(table))
    }

    /// Within a transaction.
    func insert(_ digests: DigestState, table: Int, side: Int) throws(DatabaseError) {
        try database.run(
            "INSERT OR REPLACE INTO digest_buckets (in_table, side, sums) VALUES (?, ?, ?)",
            .integer(table), .integer(side), .blob(DigestSum.bytes(digests.buckets)))
        for segment in digests.segments {
            try database.run(
                """
                INSERT OR REPLACE INTO digest_segments (in_table, side, segment, cursor, sum)
                VALUES (?, ?, ?, ?, ?)
                """,
                .integer(table), .integer(side), .integer(segment.segment),
                DatabaseValue(segment.cursor), .blob(DigestSum.bytes([segment.sum])))
        }
    }
}

extension DigestSum {
    /// Of each: the number of items in 8 bytes and the sum in 16, both with the lowest byte first.
    fileprivate static let byteCount = 24

    static func bytes(_ sums: [DigestSum]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sums.count * byteCount)
        for sum in sums {
            withUnsafeBytes(of: UInt64(sum.items).littleEndian) { bytes += $0 }
            withUnsafeBytes(of: sum.sum.littleEndian) { bytes += $0 }
        }
        return bytes
    }

    /// nil for what ``bytes(_:)`` has not written.
    static func read(_ bytes: [UInt8]) -> [DigestSum]? {
        guard bytes.count % byteCount == 0 else { return nil }
        return bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: bytes.count, by: byteCount).map { place in
                DigestSum(
                    items: Int(
                        UInt64(
                            littleEndian: buffer.loadUnaligned(
                                fromByteOffset: place, as: UInt64.self))),
                    sum: UInt128(
                        littleEndian: buffer.loadUnaligned(
                            fromByteOffset: place + 8, as: UInt128.self)))
            }
        }
    }
}
