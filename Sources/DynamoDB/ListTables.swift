import AWS
import JSON

extension ReadOnlyClient {
    /// The names of all tables in the account and region. (API reference, ListTables.)
    package func tableNames() async throws(AWSError) -> [String] {
        var names: [String] = []
        var last: JSON?
        repeat {
            var body: JSON = [:]
            body["ExclusiveStartTableName"] = last
            let reply = try await call(.listTables, body, member: "TableNames")
            names += (reply["TableNames"]?.array ?? []).compactMap(\.string)
            last = reply["LastEvaluatedTableName"]
        } while last?.string != nil
        return names
    }
}
