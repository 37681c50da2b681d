import DynamoModel
import Testing

@testable import Transfer

/// Goal: each kind of item that a table with an index refuses is told from those that it takes.
@Suite struct IndexMisfitTests {
    private static let table = TableDefinition(
        name: "orders",
        attributes: [
            KeyAttribute(name: "id", type: .string), KeyAttribute(name: "status", type: .string),
            KeyAttribute(name: "day", type: .binary),
        ], keys: [KeyElement(attribute: "id", role: .partition)])
    private static let index = IndexDefinition(
        name: "by-status",
        keys: [
            KeyElement(attribute: "status", role: .partition),
            KeyElement(attribute: "day", role: .sort),
        ])

    private static func fit(
        _ status: AttributeValue?, _ day: AttributeValue?
    ) -> IndexDefinition.Fit {
        var item: Item = [Array("id".utf8): .string(Array("a".utf8))]
        item[Array("status".utf8)] = status
        item[Array("day".utf8)] = day
        return index.fit(item, table, isLocal: false)
    }

    private static func misfit(_ attribute: String, _ flaw: IndexMisfit.Flaw)
        -> IndexDefinition.Fit
    {
        .misfit(
            IndexMisfit(index: "by-status", isLocal: false, attribute: attribute, flaw: flaw))
    }

    private static func text(_ bytes: Int) -> AttributeValue {
        .string(Array(repeating: 0x61, count: bytes))
    }

    private static func blob(_ bytes: Int) -> AttributeValue {
        .binary(Array(repeating: 0, count: bytes))
    }

    @Test func `another type, an empty one and one that is too long are refused`() {
        let day = Self.blob(3)
        #expect(Self.fit(Self.text(1), day) == .indexed)
        #expect(Self.fit(Self.blob(1), day) == Self.misfit("status", .type(.string)))
        #expect(Self.fit(.null, day) == Self.misfit("status", .type(.string)))
        #expect(Self.fit(Self.text(0), day) == Self.misfit("status", .empty))
        #expect(Self.fit(Self.text(1), Self.blob(0)) == Self.misfit("day", .empty))
        #expect(Self.fit(Self.text(2_048), day) == .indexed)
        #expect(Self.fit(Self.text(2_049), day) == Self.misfit("status", .tooLong(2_048)))
        #expect(Self.fit(Self.text(1), Self.blob(1_024)) == .indexed)
        #expect(Self.fit(Self.text(1), Self.blob(1_025)) == Self.misfit("day", .tooLong(1_024)))
    }

    @Test func `an item that lacks one attribute is refused for the other`() {
        #expect(Self.fit(nil, nil) == .absent && Self.fit(nil, Self.blob(1)) == .absent)
        #expect(Self.fit(nil, Self.blob(0)) == Self.misfit("day", .empty))
    }

    @Test func `it is told in words, one item and several`() {
        let misfit = IndexMisfit(
            index: "by-status", isLocal: false, attribute: "status", flaw: .type(.string))
        #expect(
            misfit.text(1, of: 200)
                == "1 of 200 sampled items has a status that is no string, which index by-status"
                + " refuses")
        var long = misfit
        long.flaw = .tooLong(1_024)
        #expect(long.text(3, of: 200).contains("have a status of more than 1,024 bytes"))
    }
}
