import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// What the table is now. Throws an ``AWSError``, `ResourceNotFoundException` when there is no
    /// such table, or a `TableDefinitionError` when the reply makes no sense.
    package func describe() async throws -> TableDescription {
        let reply = try await reader.call(
            .describeTable, ["TableName": .string(name)], member: "Table")
        return try TableDescription(reply["Table"] ?? [:])
    }

    /// The same; nil when there is no such table.
    package func describeIfExists() async throws -> TableDescription? {
        do {
            return try await describe()
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return nil
        }
    }
}
