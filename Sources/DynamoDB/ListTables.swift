import AWS
import JSON

extension ReadOnlyClient {
    /// The names of all tables in the account and region. (API reference, ListTables.)
    package func tableNames() async throws(AWSError) -> [String] {
        try await list(
            .listTables, [:], "TableNames",
            token: ("LastEvaluatedTableName", "ExclusiveStartTableName")
        ).compactMap(\.string)
    }
}

extension ReadOperation {
    package static let listTables = ReadOperation(
        "ListTables",
        reply: ReplyShape([
            .required("TableNames", .list(.name)), .optional("LastEvaluatedTableName", .name),
        ]))
}
