import AWS
import DynamoDB
import DynamoModel
import JSON
import Schema

/// Sees to it that no table is written that is read, whichever pairs the two stand in, and however
/// their addresses are spelt.
struct SourceGuard: Sendable {
    typealias Side = (table: any ReadableTable, description: TableDescription)

    /// What is read, and what would be written; nil where it is to be made, or is only read.
    struct Pair: Sendable {
        var source: Side
        var target: Side?
    }

    let pairs: [Pair]
    /// What would be done to a target, in a word: `written`.
    let verb: String

    /// Looks at each target beside each source.
    /// - Returns: by the number of the pair that it is written in: why a target may be a source,
    ///   although nobody can tell.
    /// - Throws: ``CopyRefusal`` for one that is a source or its replica.
    func doubts() async throws(CopyRefusal) -> [Int: String] {
        var doubts: [Int: String] = [:]
        for (number, written) in pairs.enumerated() {
            guard let target = written.target else { continue }
            for read in pairs {
                switch Self.relation(read.source, target) {
                case .unrelated: break
                case .same, .replica: throw refusal(target, of: written.source)
                case .uncertain:
                    guard try await Self.beginAlike(read.source, target) else { break }
                    doubts[number] = Self.doubt(target)
                }
            }
        }
        return doubts
    }

    static func relation(_ source: Side, _ target: Side) -> TableRelation {
        TableRelation(
            source.description, target.description,
            isSameEndpoint: source.table.reader.endpoint.isSameAddress(
                as: target.table.reader.endpoint))
    }

    private func refusal(_ target: Side, of source: Side) -> CopyRefusal {
        CopyRefusal(
            "\(target.description.definition.name) would be \(verb) as the copy of"
                + " \(source.description.definition.name), but is a source itself, or a replica of"
                + " one",
            hint: "leave one out with --exclude, or name the target otherwise")
    }

    private static func doubt(_ target: Side) -> String {
        "\(target.description.definition.name) at \(target.table.reader.endpoint.url) may be the"
            + " source itself: both have the same name and begin with the same items, and the"
            + " server gives no table ids"
    }

    /// Items that the first page is compared by.
    private static let itemsCompared = 25

    /// Whether both tables give the same keys first. A live table may be written between the two
    /// looks, so half of them are enough; two empty tables are alike.
    private static func beginAlike(_ one: Side, _ other: Side) async throws(CopyRefusal) -> Bool {
        let (left, right) = (try await firstKeys(of: one), try await firstKeys(of: other))
        return left.intersection(right).count * 2 >= min(left.count, right.count)
            && left.isEmpty == right.isEmpty
    }

    private static func firstKeys(of side: Side) async throws(CopyRefusal) -> Set<Item> {
        do {
            return try await side.table.firstKeys(
                itemsCompared, names: side.description.definition.keys.map(\.attribute))
        } catch {
            throw CopyRefusal(error, side: "table", side.table.reader.endpoint)
        }
    }
}
