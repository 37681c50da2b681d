import AWS
import DynamoModel
import JSON

extension TargetTable {
    /// Creates the table. It is not active yet when this returns; see
    /// ``waitUntilActive(checkEvery:)``.
    ///
    /// After an unknown outcome the table is looked at, and there being one by that name now is
    /// taken for success (the caller has seen that there was none, and compares its keys before
    /// anything is written). While there is none the request is sent again, a few times: what is
    /// there already is never created twice.
    ///
    /// Tags come with the table: accounts may demand that there are some from the start.
    package func create(
        _ definition: TableDefinition, tags: [TableSettings.Tag] = []
    ) async throws {
        var request = definition.creationRequest
        if !tags.isEmpty { request["Tags"] = .array(tags.map(\.json)) }
        var attempts = 1
        while true {
            do {
                _ = try await client.call(.createTable, request, repeatable: false)
                return
            } catch {
                let mayExist = error.isOutcomeUnknown || error.code == "ResourceInUseException"
                guard mayExist else { throw error }
                if try await describeIfExists() != nil { return }
                guard attempts < Self.attemptsMax else { throw error }
                attempts += 1
            }
        }
    }

    private static let attemptsMax = 4

    /// Waits until the table serves data. Right after CreateTable, DescribeTable may not know it
    /// yet (API reference, DescribeTable).
    /// - Parameter pause: waits between two looks.
    package func waitUntilActive(
        pause: (Int) async throws -> Void
    ) async throws -> TableDescription {
        var looks = 0
        while true {
            let description = try await describeIfExists()
            if let description, description.status == "ACTIVE" { return description }
            guard looks < Self.looksMax else {
                throw TableNotActive(table: name, status: description?.status ?? "absent")
            }
            try await pause(looks)
            looks += 1
        }
    }

    /// With the pauses growing to 5 s, a quarter of an hour: indexes take their time.
    private static let looksMax = 200
}

/// A table that has not become active.
package struct TableNotActive: Error, CustomStringConvertible, Equatable, Sendable {
    package let table: String
    package let status: String

    package var description: String { "the table \(table) is \(status)" }
}

extension Operation {
    package static let createTable = Operation(
        writing: "CreateTable", reply: ReplyShape([.required("TableDescription", .object([]))]))
}
