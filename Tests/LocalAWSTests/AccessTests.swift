import HTTPServer
import JSON
import TestSupport
import Testing

@testable import LocalAWS

/// Who may do what, and what a server lacks. `boto3_control_plane.py` signs requests of every kind;
/// here is one that botocore signed once.
@Suite(.timeLimit(.minutes(20))) struct AccessTests {
    private static let credentials = ServerOptions.Credentials(
        accessKey: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    /// The reply to a ListTables that is signed with the key of AWS's documentation.
    private func listTables(_ change: (inout ServerOptions) -> Void) throws -> RawClient.Reply {
        var reply = RawClient.Reply()
        let options = ServerOptions.with {
            $0.time = ManualTime(epoch: 1_795_176_000)
            change(&$0)
        }
        try withServer(options) { server in
            let client = try RawClient(port: server.port)
            try client.send(SignatureTests.signedListTables)
            reply = try client.reply()
        }
        return reply
    }

    @Test func `a key may do what its level says, apart from exceptions`() {
        func may(_ level: AccessRule.Level, _ exceptions: Set<String> = []) -> Set<Operation> {
            let user = User(name: "x", AccessRule(Self.credentials, level, except: exceptions))
            return Set(Operation.allCases.filter(user.may))
        }
        let all = Set(Operation.allCases)
        let reading = all.filter { !$0.isMutating }
        #expect(may(.none).isEmpty)
        #expect(may(.read) == reading)
        #expect(may(.read, ["Scan"]) == reading.subtracting([.scan]))
        #expect(may(.write) == all)
        #expect(
            may(.write, ["BatchWriteItem", "TagResource"])
                == all.subtracting([.batchWriteItem, .tagResource]))
        #expect(reading.contains(.describeTimeToLive) && !reading.contains(.untagResource))
    }

    @Test func `what a key may not do is denied in the service's words`() throws {
        let allowed = try listTables { $0.access = [AccessRule(Self.credentials, .read)] }
        #expect(allowed.status == 200, "\(allowed.text)")
        let denied = try listTables {
            let other = ServerOptions.Credentials(accessKey: "AKIDOTHER", secret: "x")
            $0.access = [AccessRule(other, .write), AccessRule(Self.credentials, .none)]
        }
        #expect(denied.error == "AccessDeniedException")
        #expect(
            denied.message
                == "User: arn:aws:iam::000000000000:user/access-2 is not authorized to perform: "
                + "dynamodb:ListTables on resource: "
                + "arn:aws:dynamodb:us-east-1:000000000000:table/* because "
                + "no identity-based policy allows the dynamodb:ListTables action")
        let unknown = try listTables {
            $0.access = [AccessRule(.init(accessKey: "AKIDOTHER", secret: "x"), .write)]
        }
        #expect(unknown.error == "UnrecognizedClientException")
    }

    @Test func `a server may be made to lack operations`() throws {
        let options = ServerOptions.with {
            $0.without = ["UpdateTimeToLive", "DescribeTimeToLive"]
        }
        try withOrders(options) { client, server in
            let reply = try client.call("DescribeTimeToLive", ["TableName": "orders"])
            #expect(reply.error == "UnknownOperationException")
            #expect(try client.call("DescribeTable", ["TableName": "orders"]).status == 200)
            #expect(server.meter["errors"]?["UnknownOperationException"]?.int == 1)
        }
        #expect(throws: ServerError.self) {
            try LocalServer(.with { $0.without = ["UpdateTimeToLeave"] })
        }
        #expect(throws: ServerError.self) {
            try LocalServer(
                .with { $0.access = [AccessRule(Self.credentials, .read, except: ["scan"])] })
        }
    }

    @Test func `the meter counts requests by the table that they name`() throws {
        let options = ServerOptions.with { $0.denyWrites = ["orders"] }
        try withServer(options) { server in
            let client = try RawClient(port: server.port)
            try server.load(Fill(name: "orders", items: 3))
            let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
            try client.call("Scan", ["TableName": "orders"])
            try client.call("Scan", ["TableName": .string(arn)])
            try client.call("ListTagsOfResource", ["ResourceArn": .string(arn)])
            try client.call("GetResourcePolicy", ["ResourceArn": .string(arn + "/stream/x")])
            try client.call("ListTables", [:])
            let item: JSON = ["PutRequest": ["Item": ["x": ["S": "y"]]]]
            try client.call(
                "BatchWriteItem", ["RequestItems": ["others": [item], "orders": [item]]])
            try client.call(
                "BatchGetItem", ["RequestItems": ["orders": ["Keys": []], "others": ["Keys": []]]])
            let counts = server.meter["requests_by_table"]
            #expect(
                counts?["orders"] == [
                    "BatchGetItem": 1, "BatchWriteItem": 1, "GetResourcePolicy": 1,
                    "ListTagsOfResource": 1, "Scan": 2,
                ])
            #expect(counts?["others"] == ["BatchGetItem": 1, "BatchWriteItem": 1])
            #expect(server.meter["requests"]?["ListTables"]?.int == 1)
        }
    }
}
