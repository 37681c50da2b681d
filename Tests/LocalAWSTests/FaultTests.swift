import DynamoModel
import JSON
import System
import TestSupport
import Testing

@testable import LocalAWS

/// Faults as a client sees them, each asked for by a script.
@Suite(.timeLimit(.minutes(20))) struct FaultTests {
    private static let table = TableDefinition(
        name: "things", schema: KeySchema(partition: KeyAttribute(name: "pk", type: .string)))
    private static let put: JSON = [
        "TableName": "things", "Item": ["pk": ["S": "a"], "v": ["S": "0123456789"]],
    ]

    /// A server whose first request meets `fault` and whose others do not.
    private func withFault(
        _ fault: Fault, _ body: (LocalServer, RawClient) throws -> Void
    ) throws {
        let options = ServerOptions.with {
            $0.hook = { _, number in number == 0 ? fault : nil }
        }
        try withServer(options) { server in
            try server.load(Self.table)
            try body(server, RawClient(port: server.port))
        }
    }

    @Test func `errors and throttles do nothing and leave the connection as it is`() throws {
        for (fault, error, status) in [
            (Fault.error, "InternalServerError", 500),
            (.throttle, "ProvisionedThroughputExceededException", 400),
            (.validation("no"), "ValidationException", 400),
        ] {
            try withFault(fault) { server, client in
                let reply = try client.call("PutItem", Self.put)
                #expect(reply.error == error)
                #expect(reply.status == status)
                #expect(server.count(of: "things") == 0)
                #expect(try client.call("PutItem", Self.put).status == 200)
            }
        }
    }

    @Test func `a dropped connection has done the work or not, as asked`() throws {
        for (fault, count) in [
            (Fault.dropBefore, 0), (.dropAfter, 1), (.resetBefore, 0), (.resetAfter, 1),
        ] {
            try withFault(fault) { server, client in
                try client.send(RawClient.request("PutItem", Self.put.bytes))
                let rest = try? client.readToEnd()
                let isReset = fault == .resetBefore || fault == .resetAfter
                #expect(rest == (isReset ? nil : []), "\(fault)")
                #expect(server.count(of: "things") == count, "\(fault)")
            }
        }
    }

    @Test func `the meter tells items whose reply was spoiled from others`() throws {
        let batch: JSON = [
            "RequestItems": ["things": [["PutRequest": ["Item": Self.put["Item"]!]]]]
        ]
        for (fault, unanswered) in [
            (Fault.dropAfter, 1), (.truncate, 1), (.corrupt, 1), (.error, 0),
        ] {
            try withFault(fault) { server, client in
                try client.send(RawClient.request("BatchWriteItem", batch.bytes))
                if fault == .error || fault == .corrupt {
                    _ = try client.reply()
                } else {
                    _ = try client.readToEnd()
                }
                let table = server.meter["tables"]?["things"]
                #expect(table?["items_unanswered"]?.int == unanswered, "\(fault)")
                #expect(table?["items_written"]?.int == unanswered, "\(fault)")
                let other = try RawClient(port: server.port)
                #expect(try other.call("BatchWriteItem", batch).status == 200)
                #expect(server.meter["tables"]?["things"]?["items_unanswered"]?.int == unanswered)
            }
        }
    }

    @Test func `a truncated reply promises more than it brings`() throws {
        try withFault(.truncate) { server, client in
            try client.send(RawClient.request("PutItem", Self.put.bytes))
            let rest = try client.readToEnd()
            #expect(rest.starts(with: Array("HTTP/1.1 200".utf8)))
            #expect(server.count(of: "things") == 1)
        }
    }

    @Test func `a corrupt reply and a wrong checksum do not fit each other`() throws {
        for fault in [Fault.corrupt, .wrongChecksum] {
            try withFault(fault) { _, client in
                let reply = try client.call("ListTables", [:])
                #expect(reply.status == 200)
                let checksum = reply.body.withUnsafeBytes { Checksum.crc32($0) }
                #expect(reply.headers["x-amz-crc32"] != String(checksum))
                let again = try client.call("ListTables", [:])
                let isSame = again.body == reply.body
                #expect(isSame == (fault == .wrongChecksum))
            }
        }
    }

    @Test func `a proxy's answer comes as it is scripted`() throws {
        let html = Fault.reply(status: 200, contentType: "text/html", body: "<html>hello</html>")
        try withFault(html) { server, client in
            let reply = try client.call("PutItem", Self.put)
            #expect(reply.text == "<html>hello</html>")
            #expect(reply.headers["content-type"] == "text/html")
            #expect(server.count(of: "things") == 0)
        }
    }

    @Test func `a stalled request is never answered and harms no other`() throws {
        // By operation: which of two connections is served first can't be known.
        let options = ServerOptions.with {
            $0.hook = { operation, _ in operation == "PutItem" ? .stall : nil }
        }
        try withServer(options) { server in
            try server.load(Self.table)
            let client = try RawClient(port: server.port)
            try client.send(RawClient.request("PutItem", Self.put.bytes))
            let other = try RawClient(port: server.port)
            while try other.call("GetItem", ["TableName": "things", "Key": ["pk": ["S": "a"]]])
                .json?["Item"] == nil
            {}
            client.finishSending()
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test func `delayed replies come late, those of other connections do not`() throws {
        try withFault(.delay(.milliseconds(150))) { server, client in
            let clock = ContinuousClock()
            let start = clock.now
            try client.send(RawClient.request("ListTables", Array("{}".utf8)))
            let other = try RawClient(port: server.port)
            while server.meter["requests"]?["ListTables"]?.int != 1 {}
            #expect(try other.call("ListTables", [:]).status == 200)
            #expect(try client.reply().status == 200)
            #expect(clock.now - start >= .milliseconds(150))
        }
    }

    @Test func `unprocessed items come back in another spelling, the others are written`() throws {
        try withServer(.with { $0.faults = try? FaultPlan(parsing: "unprocessed=0.5") }) { server in
            try server.load(Fill(name: "orders", items: 0).definition)
            let client = try RawClient(port: server.port)
            let items = (0..<25).map { ItemGenerator.item(.transactions, seed: 4, index: $0) }
            var left = try items.map { ["PutRequest": ["Item": try JSON(parsing: $0)]] as JSON }
            var rounds = 0
            while !left.isEmpty {
                rounds += 1
                let reply = try client.call(
                    "BatchWriteItem", ["RequestItems": ["orders": .array(left)]])
                let next = reply.json?["UnprocessedItems"]?["orders"]?.array ?? []
                #expect(25 - (server.count(of: "orders") ?? 0) == next.count)
                for request in next {
                    let item = try #require(request["PutRequest"]?["Item"])
                    #expect(!items.contains(item.bytes))
                }
                left = next
            }
            #expect(rounds > 1)
            try server.load(
                TableDefinition(
                    name: "expected", schema: Fill(name: "orders", items: 0).definition.schema!),
                items: items.map { try JSON(parsing: $0) })
            #expect(try server.differences(between: "orders", and: "expected").isEmpty)
        }
    }
}
