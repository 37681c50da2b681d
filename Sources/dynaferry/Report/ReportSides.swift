import AWS
import JSON
import Status

/// The accounts and regions that a job's tables are in, by their ARNs.
struct ReportSides: Equatable, Sendable {
    struct Side: Equatable, Sendable {
        /// nil where it is not known, or tables are in several.
        var account: String?
        var region: String?

        /// - Parameter arns: of the side's tables.
        init(_ arns: [String]) {
            account = Self.only(arns.map { Partition.account(ofARN: $0) })
            region = Self.only(arns.map { Partition.region(ofARN: $0) })
        }

        private static func only(_ values: [String?]) -> String? {
            guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
            return first
        }

        var json: JSON {
            [
                "account": account.map { .string($0) } ?? .null,
                "region": region.map { .string($0) } ?? .null,
            ]
        }
    }

    let source: Side
    let target: Side

    init(_ tables: [TableStatus]) {
        source = Side(tables.compactMap(\.sourceARN))
        target = Side(tables.compactMap(\.targetARN))
    }

    /// Adds what it says to a report.
    func add(to json: inout JSON) {
        json["sourceSide"] = source.json
        json["targetSide"] = target.json
    }
}
