import JSON
import Pacing
import System

/// `GET /_meter`: what was asked for, and what was consumed, by table, index and partition.
///
/// `requests` counts all that came for an operation, `requests_by_table` those that got as far as
/// their body, by the table that it names; refused ones are counted too, and tables that are gone.
/// A batch that is refused for an item counts for the tables up to that item.
/// `requests_by_bucket` counts those to S3 by the bucket that they name.
///
/// `imports_started` and `bulk_operations_started` count those that began, each once.
/// `exports` counts the exports that were begun, by table: a request that is answered with one that
/// was begun before is not counted again. The service would send a bill for each.
///
/// `now_seconds` is monotonic: the units between two reports are the difference of their totals,
/// over
/// the difference of their times. `recent` has the same by tenths of a second, the running one
/// last; it is there only for tables and indexes that were used.
extension Service {
    private static let recentBuckets = 200

    func meterReport() -> JSON {
        catchUp()
        let now = time.now
        let counts = requests.json
        var members: [JSON.Member] = []
        for name in tables.names(at: now) {
            guard let table = tables.table(named: name, at: now) else { continue }
            members.append(JSON.Member(name, report(table, at: now)))
        }
        return [
            "now_seconds": JSON(Double(now.nanoseconds) / 1e9),
            "requests": counts.operations,
            "requests_by_table": counts.tables,
            "requests_by_bucket": requests.bucketsJSON,
            "errors": counts.errors,
            "imports_started": JSON(imports.count),
            "exports": exportsReport,
            "bulk_operations_started": JSON(bulkJobs.count),
            "tables": .object(members),
        ]
    }

    private var exportsReport: JSON {
        .object(
            exports.countsByTable.sorted { $0.key < $1.key }.map { table, counts in
                JSON.Member(
                    table, ["full": JSON(counts.full), "incremental": JSON(counts.incremental)])
            })
    }

    private func report(_ table: Table, at now: Instant) -> JSON {
        let count = table.itemLock.reading { table.census.count }
        return table.accountLock.withLock {
            var json = Self.report(table.account, at: now)
            json["items"] = JSON(count)
            json["items_written"] = JSON(table.traffic.itemsWritten)
            json["items_unanswered"] = JSON(table.traffic.itemsUnanswered)
            json["items_deleted"] = JSON(table.traffic.itemsDeleted)
            json["items_read"] = JSON(table.traffic.itemsRead)
            json["items_unprocessed"] = JSON(table.traffic.itemsRefused)
            json["mutating_calls"] = JSON(table.traffic.mutatingCalls)
            let indexes = zip(table.layout.indexes, table.indexAccounts).filter { $0.0.isGlobal }
            json["indexes"] = .object(
                indexes.map { JSON.Member($0.0.name, Self.report($0.1, at: now)) })
            return json
        }
    }

    private static func report(_ account: UnitAccount, at now: Instant) -> JSON {
        // A single partition has no meter of its own.
        let isSingle = account.partitionWrites.count == 1
        let meters =
            isSingle
            ? [(account.writes, account.reads)]
            : Array(zip(account.partitionWrites, account.partitionReads))
        let partitions = meters.map { (writes, reads) -> JSON in
            ["write_units": JSON(writes.total), "read_units": JSON(reads.total)]
        }
        var json: JSON = [
            "write_units": JSON(account.writes.total),
            "read_units": JSON(account.reads.total),
            "write_throttles": JSON(account.throttledWrites),
            "read_throttles": JSON(account.throttledReads),
            "partitions": .array(partitions),
        ]
        if account.writes.total > 0 || account.reads.total > 0 {
            json["recent"] = [
                "bucket_seconds": 0.1,
                "write_units": .array(
                    account.writes.recent(recentBuckets, at: now).map { JSON($0) }),
                "read_units": .array(
                    account.reads.recent(recentBuckets, at: now).map { JSON($0) }),
            ]
        }
        return json
    }
}

extension UnitMeter {
    /// The last `count` tenths of a second up to now, the oldest first.
    func recent(_ count: Int, at now: Instant) -> [Double] {
        precondition(count <= Self.bucketsMax, "only \(Self.bucketsMax) buckets are kept")
        let last = Self.bucket(at: now)
        return ((last - Int64(count) + 1)...last).map { units(inBucket: $0) }
    }
}

extension RequestCounts {
    var json: (operations: JSON, tables: JSON, errors: JSON) {
        let (operations, tables, errors) = counted
        let s3 = countedOfS3.map { ($0.rawValue, $1.values.reduce(0, +)) }
        return (
            .counts(operations.counts.map { ($0.operation.rawValue, $0.count) } + s3),
            .object(
                tables.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) }),
            .counts(errors.map { ($0, $1) })
        )
    }

    /// By bucket, then by operation; without ListBuckets, which is of none.
    var bucketsJSON: JSON {
        var buckets: [String: [(String, Int)]] = [:]
        for (operation, counts) in countedOfS3 {
            for (bucket, count) in counts where !bucket.isEmpty {
                buckets[bucket, default: []].append((operation.rawValue, count))
            }
        }
        return .object(
            buckets.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .counts($0.value)) })
    }
}

extension JSON {
    /// Counts by name, in the order of their names.
    fileprivate static func counts(_ counts: [(String, Int)]) -> JSON {
        .object(counts.sorted { $0.0 < $1.0 }.map { Member($0.0, JSON($0.1)) })
    }
}

extension OperationCounts {
    fileprivate var json: JSON {
        .counts(counts.map { ($0.operation.rawValue, $0.count) })
    }
}
