import Dispatch
import DynamoModel
import JSON
import Pacing
import Synchronization
import TestSupport
import Testing

@testable import LocalAWS

/// Many clients at once on few tables; the thread sanitizer watches when it is on.
@Suite(.timeLimit(.minutes(20))) struct ConcurrencyTests {
    private static let table = TableDefinition(
        name: "shared",
        attributes: [
            KeyAttribute(name: "pk", type: .string), KeyAttribute(name: "g", type: .number),
        ],
        keys: [KeyElement(attribute: "pk", role: .partition)],
        globalIndexes: [
            IndexDefinition(name: "by-g", keys: [KeyElement(attribute: "g", role: .partition)])
        ])

    private static func item(_ writer: Int, _ number: Int) -> JSON {
        [
            "pk": ["S": .string("w\(writer)-\(number)")], "g": ["N": .string(String(number))],
            "v": ["S": .string(String(repeating: "x", count: number % 500))],
        ]
    }

    /// Goal: what writers put is there at the end, whatever scans, updates and deletes go on
    /// beside.
    @Test(arguments: [ServerOptions.Capacity.unlimited, .model])
    func `writers, scanners and table changes do not disturb each other`(
        capacity: ServerOptions.Capacity
    ) throws {
        let options = ServerOptions.with {
            $0.threads = 3
            $0.capacity = capacity
            $0.partitions = 4
            $0.timeScale = 1000
        }
        try withServer(options) { server in
            try server.load(Self.table)
            let failures = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 6) { worker in
                do {
                    let client = try RawClient(port: server.port)
                    switch worker {
                    case 0..<3: try Self.write(worker, client)
                    case 3: try Self.churn(client)
                    default: try Self.scan(client)
                    }
                } catch {
                    failures.wrappingAdd(1, ordering: .relaxed)
                }
            }
            #expect(failures.load(ordering: .relaxed) == 0)
            #expect(server.count(of: "shared") == 3 * 500)
            let table = server.meter["tables"]?["shared"]
            #expect(table?["items"]?.int == 1500)
            let written = try #require(table?["items_written"]?.int)
            #expect(written >= 3 * 1000)
        }
    }

    /// Writes 1,000 items, deletes each second of them.
    private static func write(_ writer: Int, _ client: RawClient) throws {
        for first in stride(from: 0, to: 1000, by: 20) {
            let numbers = first..<(first + 20)
            try writeAll(numbers.map { ["PutRequest": ["Item": item(writer, $0)]] }, client)
            let gone = numbers.filter { $0 % 2 == 0 }.map { number -> JSON in
                ["DeleteRequest": ["Key": ["pk": ["S": .string("w\(writer)-\(number)")]]]]
            }
            try writeAll(gone, client)
        }
    }

    private static func writeAll(_ requests: [JSON], _ client: RawClient) throws {
        var left = requests
        while !left.isEmpty {
            let reply = try client.call(
                "BatchWriteItem", ["RequestItems": ["shared": .array(left)]])
            if reply.error == "ProvisionedThroughputExceededException" { continue }
            guard reply.status == 200 else { throw RawClient.Failure(what: reply.text) }
            left = reply.json?["UnprocessedItems"]?["shared"]?.array ?? []
        }
    }

    private static func scan(_ client: RawClient) throws {
        for round in 0..<30 {
            var request: JSON = [
                "TableName": "shared", "Segment": JSON(round % 3), "TotalSegments": 3, "Limit": 50,
            ]
            while true {
                let reply = try client.call("Scan", request)
                if reply.error == "ProvisionedThroughputExceededException" { break }
                guard reply.status == 200, let json = reply.json else {
                    throw RawClient.Failure(what: reply.text)
                }
                guard json["Count"]?.int == json["Items"]?.array?.count else {
                    throw RawClient.Failure(what: "the count is wrong")
                }
                request["ExclusiveStartKey"] = json["LastEvaluatedKey"]
                if json["LastEvaluatedKey"] == nil { break }
            }
        }
    }

    /// Tables come, change and go; the shared one changes its throughput.
    private static func churn(_ client: RawClient) throws {
        for round in 0..<40 {
            let name = JSON.string("churn-\(round % 5)")
            var creation = table.creationRequest
            creation["TableName"] = name
            try client.call("CreateTable", creation)
            let maxima: JSON = ["MaxWriteRequestUnits": JSON(100_000 + round)]
            let reply = try client.call(
                "UpdateTable", ["TableName": "shared", "OnDemandThroughput": maxima])
            guard reply.status == 200 else { throw RawClient.Failure(what: reply.text) }
            try client.call("DescribeTable", ["TableName": "shared"])
            try client.call("ListTables", [:])
            try client.call("DeleteTable", ["TableName": name])
        }
    }
}
