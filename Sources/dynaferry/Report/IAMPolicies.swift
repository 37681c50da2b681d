import JSON

/// The least that the credentials of each side must be allowed. (Service Authorization Reference,
/// Amazon DynamoDB.)
struct IAMPolicies {
    private let source: TableReference
    private let target: TableReference

    init(_ arguments: CopyArguments) {
        source = arguments.source
        target = arguments.target
    }

    var text: String { json.prettyText }

    private var json: JSON {
        var reading = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan"]
        var source = [statement(reading, on: resource(self.source))]
        if self.source.isPattern {
            // Listing is of an account, not of a table.
            source.append(statement(["dynamodb:ListTables"], on: "*"))
        }
        reading = [
            "dynamodb:BatchWriteItem", "dynamodb:CreateTable", "dynamodb:DescribeTable",
            "dynamodb:PutItem", "dynamodb:Scan",
        ]
        return [
            "source": policy(source),
            "target": policy([statement(reading, on: resource(target))]),
        ]
    }

    private func policy(_ statements: [JSON]) -> JSON {
        ["Version": "2012-10-17", "Statement": .array(statements)]
    }

    private func statement(_ actions: [String], on resource: String) -> JSON {
        [
            "Effect": "Allow", "Action": .array(actions.map { .string($0) }),
            "Resource": .string(resource),
        ]
    }

    private func resource(_ table: TableReference) -> String {
        table.isARN ? table.text : "arn:aws:dynamodb:*:*:table/\(table.text)"
    }
}
