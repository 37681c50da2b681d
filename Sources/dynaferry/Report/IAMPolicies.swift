import JSON

/// The least that the credentials of each side must be allowed. (Service Authorization Reference,
/// Amazon DynamoDB.)
struct IAMPolicies {
    private let sources: [TableReference]
    private let targets: [TableReference]

    init(_ arguments: CopyArguments) {
        let tables =
            arguments.selection + arguments.renamings.map { ($0.source, $0.target) }
        sources = tables.map(\.source)
        targets = tables.map(\.target)
    }

    var text: String { json.prettyText }

    private var json: JSON {
        var reading = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan"]
        var source = [statement(reading, on: resources(sources))]
        if sources.contains(where: \.isPattern) {
            // Listing is of an account, not of a table.
            source.append(statement(["dynamodb:ListTables"], on: ["*"]))
        }
        reading = [
            "dynamodb:BatchWriteItem", "dynamodb:CreateTable", "dynamodb:DescribeTable",
            "dynamodb:PutItem", "dynamodb:Scan",
        ]
        return [
            "source": policy(source),
            "target": policy([statement(reading, on: resources(targets))]),
        ]
    }

    private func policy(_ statements: [JSON]) -> JSON {
        ["Version": "2012-10-17", "Statement": .array(statements)]
    }

    private func statement(_ actions: [String], on resources: [String]) -> JSON {
        let names = resources.map { JSON.string($0) }
        return [
            "Effect": "Allow", "Action": .array(actions.map { .string($0) }),
            "Resource": names.count == 1 ? names[0] : .array(names),
        ]
    }

    private func resources(_ tables: [TableReference]) -> [String] {
        tables.map { $0.isARN ? $0.text : "arn:aws:dynamodb:*:*:table/\($0.text)" }
    }
}
