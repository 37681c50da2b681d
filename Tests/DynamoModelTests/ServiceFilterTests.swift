import JSON
import Testing

@testable import DynamoModel

/// Goal: what is sent to the service means what is meant here, or is left out.
@Suite struct ServiceFilterTests {
    private static let keys = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string),
        sort: KeyAttribute(name: "sk", type: .number))

    private func pushed(_ text: String) throws -> ServiceFilter? {
        ServiceFilter(try Condition(withLiterals: text), keys: Self.keys)
    }

    private static let filters: [(text: String, filter: String?)] = [
        ("a = 1", "#n0 = :v0"),
        ("a = 1 AND b.c[2].\"d e\" <> 'x'", "#n0 = :v0 AND #n1.#n2[2].#n3 <> :v1"),
        ("a = 1 OR a = 2 AND NOT a < 1", "(#n0 = :v0 OR (#n0 = :v1 AND (NOT #n0 < :v0)))"),
        ("a BETWEEN 1 AND 2 AND a IN (1, 'x')", "#n0 BETWEEN :v0 AND :v1 AND #n0 IN (:v0, :v2)"),
        ("size(a) > 2 AND contains(a, b)", "size(#n0) > :v0 AND contains(#n0, #n1)"),
        ("attribute_type(a, 'S')", "attribute_type(#n0, :v0)"),
        ("attribute_not_exists(a)", "(NOT attribute_exists(#n0))"),
        ("begins_with(pk, 'x')", "begins_with(#n0, :v0)"),
        // What is computed is judged here alone, and of an OR so is all of it.
        ("lower(a) = 'x' AND b = 1", "#n0 = :v0"),
        ("lower(a) = 'x' OR b = 1", nil),
        ("NOT (lower(a) = 'x' AND b = 1)", nil),
        ("1 = 1", nil),
        ("m.\"\" = 1", nil),
    ]

    @Test func `a filter says what the condition says, as far as the service can tell`() throws {
        for (text, filter) in Self.filters {
            let found = try pushed(text)
            #expect(found?.filter == filter, "\(text)")
            #expect(found?.keyCondition == nil, "\(text)")
        }
    }

    private static let queries: [(text: String, key: String, filter: String?)] = [
        ("pk = 'a'", "#n0 = :v0", nil),
        ("a = 1 AND pk = 'a'", "#n0 = :v0", "#n1 = :v1"),
        ("pk = 'a' AND sk >= 3 AND b = 1", "#n0 = :v0 AND #n1 >= :v1", "#n2 = :v2"),
        ("pk = 'a' AND sk BETWEEN 1 AND 2", "#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2", nil),
        // What the key condition can't say of keys is judged here.
        ("pk = 'a' AND sk <> 3 AND sk > 1", "#n0 = :v0 AND #n1 > :v1", nil),
        ("pk = 'a' AND sk > 1 AND sk < 5", "#n0 = :v0 AND #n1 > :v1", nil),
        ("pk = 'a' AND (b = 1 OR sk = 2)", "#n0 = :v0", nil),
    ]

    @Test func `an equal sign on the partition key makes a Query`() throws {
        for (text, key, filter) in Self.queries {
            let found = try #require(try pushed(text), "\(text)")
            #expect(found.keyCondition == key && found.filter == filter, "\(text): \(found)")
            let unfiltered = found.unfiltered
            #expect(unfiltered.keyCondition == key && unfiltered.filter == nil)
            #expect(found.goesOn(behind: Array(#"{"pk":{"S":"a"},"sk":{"N":"1"}}"#.utf8)))
            #expect(!found.goesOn(behind: Array(#"{"pk":{"S":"b"},"sk":{"N":"1"}}"#.utf8)))
        }
        for text in ["pk = 1", "pk <> 'a'", "pk = 'a' OR b = 1", "NOT pk = 'a'", "pk = ''"] {
            #expect(try pushed(text)?.isQuery != true, "\(text)")
        }
    }

    @Test func `the service's limits are kept`() throws {
        let many = (0..<140).map { "a\($0).b.c.d.e.f = 1" }.joined(separator: " AND ")
        let all = try #require(try pushed(many))
        #expect(all.filter?.utf8.count ?? 0 <= 4_096)
        #expect(all.filter?.components(separatedBy: " AND ").count ?? 0 > 100)
        let candidates = (0..<101).map(String.init).joined(separator: ", ")
        #expect(throws: ExpressionError.self) { try pushed("a IN (\(candidates))") }
    }

    @Test func `each name and value stands once in the request`() throws {
        let found = try #require(try pushed("pk = 'a' AND (b = 'a' OR b = 2)"))
        let json = JSON.object(found.members)
        #expect(json["ExpressionAttributeNames"] == ["#n0": "pk", "#n1": "b"])
        #expect(
            json["ExpressionAttributeValues"] == [":v0": ["S": "a"], ":v1": ["N": "2"]])
    }
}

extension String {
    fileprivate func components(separatedBy text: String) -> [Substring] {
        split(separator: text)
    }
}
