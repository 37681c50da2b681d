import DynamoModel
import JSON
import Testing

/// Goal: what a table takes at once is read of its description, for it and for each index.
@Suite struct WarmThroughputTests {
    private func description(_ more: JSON) throws -> TableDescription {
        var json: JSON = [
            "TableName": "t", "BillingModeSummary": ["BillingMode": "PAY_PER_REQUEST"],
            "AttributeDefinitions": [["AttributeName": "a", "AttributeType": "S"]],
            "KeySchema": [["AttributeName": "a", "KeyType": "HASH"]],
            "GlobalSecondaryIndexes": [
                [
                    "IndexName": "i", "KeySchema": [["AttributeName": "a", "KeyType": "HASH"]],
                    "Projection": ["ProjectionType": "ALL"],
                    "WarmThroughput": ["WriteUnitsPerSecond": 5_000],
                ]
            ],
        ]
        json["WarmThroughput"] = more
        return try TableDescription(json)
    }

    @Test func `of the table and of an index apart`() throws {
        let table = try description(["ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 9_000])
        #expect(table.warmThroughput() == Throughput(readUnits: 13_000, writeUnits: 9_000))
        #expect(table.warmThroughput(ofIndex: "i") == Throughput(writeUnits: 5_000))
        #expect(table.warmThroughput(ofIndex: "other") == Throughput())
    }

    @Test(
        arguments: [
            nil, "fast", ["WriteUnitsPerSecond": -4], ["WriteUnitsPerSecond": 1e300],
        ] as [JSON])
    func `what is no number of units is not reported`(json: JSON) throws {
        #expect(try description(json).warmThroughput() == Throughput())
    }
}
