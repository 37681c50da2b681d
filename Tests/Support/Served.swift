import Foundation
import JSON
import System

/// `dynaferry serve` as a child process, and what a test asks of it past the program: by curl.
package final class Served: Sendable {
    package let url: String
    private let process: ChildProcess

    /// On a free port; it ends with this object, or with the tests.
    package init(_ options: [String] = []) throws {
        process = try ChildProcess(
            Binary.path, ["serve", "--port", "0", "--exit-with-stdin"] + options, environment: [],
            input: .pipe, output: .pipe)
        guard let line = process.readLine(), let place = line.firstRange(of: "http") else {
            throw TestFailure("serve did not start")
        }
        url = String(line[place.lowerBound...])
    }

    deinit { process.end() }

    @discardableResult
    package func call(_ operation: String, _ body: JSON) throws -> JSON {
        let result = try Binary.shell(
            "curl -sS --fail-with-body \"$@\"",
            [
                url, "-H", "X-Amz-Target: DynamoDB_20120810.\(operation)",
                "-H", "Content-Type: application/x-amz-json-1.0", "-d", body.text,
            ])
        guard result.status == 0 else { throw TestFailure(result.out + result.err) }
        return try JSON(parsing: result.out)
    }

    package func tables() throws -> [String] {
        try call("ListTables", [:])["TableNames"]?.array?.compactMap(\.string) ?? []
    }

    /// Deletes a table and returns when it is gone.
    package func delete(_ table: String) throws {
        try call("DeleteTable", ["TableName": .string(table)])
        while try tables().contains(table) { usleep(5_000) }
    }

    /// Items of a table that fits on a page.
    package func count(_ table: String) throws -> Int {
        try call("Scan", ["TableName": .string(table), "Select": "COUNT"])["Count"]?.int ?? 0
    }
}

/// What a test can't go on after.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
