import DynamoModel
import JSON
import Testing

@testable import Schema
@testable import Transfer

@Suite struct TableRelationTests {
    private func table(
        _ name: String, region: String = "us-east-1", account: String = "111122223333",
        id: String? = nil, replicas: [String] = []
    ) throws -> TableDescription {
        var json: JSON = [
            "TableName": .string(name),
            "TableArn": .string("arn:aws:dynamodb:\(region):\(account):table/\(name)"),
            "AttributeDefinitions": [["AttributeName": "a", "AttributeType": "S"]],
            "KeySchema": [["AttributeName": "a", "KeyType": "HASH"]],
            "Replicas": .array(replicas.map { ["RegionName": .string($0)] }),
        ]
        if let id { json["TableId"] = .string(id) }
        return try TableDescription(json)
    }

    @Test func `one table is recognised by its id wherever it is reached`() throws {
        let table = try table("a", id: "1")
        #expect(TableRelation(table, table, isSameEndpoint: false) == .same)
    }

    @Test func `equal ARNs are one table at one endpoint only`() throws {
        let one = try table("a", id: "1")
        let other = try table("a", id: "2")
        #expect(TableRelation(one, other, isSameEndpoint: true) == .same)
        #expect(TableRelation(one, other, isSameEndpoint: false) == .unrelated)
    }

    @Test func `replicas are recognised from either side`() throws {
        let one = try table("a", region: "us-east-1", id: "1", replicas: ["eu-west-1"])
        let other = try table("a", region: "eu-west-1", id: "2")
        #expect(TableRelation(one, other, isSameEndpoint: false) == .replica)
        #expect(TableRelation(other, one, isSameEndpoint: false) == .replica)
        let stranger = try table("a", region: "eu-west-1", account: "444455556666", id: "3")
        #expect(TableRelation(one, stranger, isSameEndpoint: false) == .unrelated)
    }
}
