import AWS
import DynamoModel
import JSON

extension TargetTable {
    /// Changes the table, by one UpdateTable, unless it is as wanted already; returns when nothing
    /// is being made of it any more. (API reference, UpdateTable.)
    ///
    /// After an unknown outcome, and while another change is under way, the table is looked at:
    /// what is as wanted then counts as done.
    /// - Parameters:
    ///   - change: members of UpdateTable's input besides the name, for the table as it stands; nil
    ///     when it is as wanted.
    ///   - pause: waits between two looks, the last of which saw this; it may throw to end the
    ///     waiting.
    package func update(
        _ change: (TableDescription) -> JSON?,
        pause: (Int, TableDescription) async throws -> Void
    ) async throws -> TableDescription {
        var attempts = 0
        while true {
            let table = try await waitUntilSettled(pause: pause)
            guard var body = change(table) else { return table }
            body["TableName"] = .string(name)
            do throws(AWSError) {
                attempts += 1
                _ = try await client.call(.updateTable, body, repeatable: false)
            } catch {
                let mayPass = error.isOutcomeUnknown || error.code == "ResourceInUseException"
                guard mayPass, attempts < Self.changesMax else { throw error }
                try await pause(attempts, table)
            }
            guard attempts <= Self.changesMax else {
                throw TableNotActive(table: name, status: "not changed as asked")
            }
        }
    }

    /// How often a change is asked for that does not come about.
    private static let changesMax = 5

    /// Waits until the table and its indexes are active, however long that takes: building an index
    /// may take hours.
    func waitUntilSettled(
        pause: (Int, TableDescription) async throws -> Void
    ) async throws -> TableDescription {
        var looks = 0
        while true {
            let table = try await describe()
            if table.isSettled { return table }
            guard table.status != "DELETING", !table.status.hasPrefix("INACCESSIBLE") else {
                throw TableNotActive(table: name, status: table.status)
            }
            try await pause(looks, table)
            looks += 1
        }
    }
}

extension Operation {
    package static let updateTable = Operation(
        writing: "UpdateTable", reply: ReplyShape([.required("TableDescription", .object([]))]))
}
