import Foundation
import JSON

@testable import dynaferry

/// `dynaferry serve` as a child process, and what a test asks of it past the program: by curl.
final class Served {
    let url: String
    private let process: ChildProcess

    /// On a free port; it ends with this object, or with the tests.
    init(_ options: [String] = []) throws {
        process = try ChildProcess(
            Binary.path, ["serve", "--port", "0", "--exit-with-stdin"] + options, environment: [],
            input: .pipe, output: .pipe)
        guard let line = process.readLine(), let place = line.firstRange(of: "http") else {
            throw CommandFailure("serve did not start")
        }
        url = String(line[place.lowerBound...])
    }

    deinit { process.end() }

    @discardableResult
    func call(_ operation: String, _ body: JSON) throws -> JSON {
        let result = try Binary.shell(
            "curl -sS --fail-with-body \"$@\"",
            [
                url, "-H", "X-Amz-Target: DynamoDB_20120810.\(operation)",
                "-H", "Content-Type: application/x-amz-json-1.0", "-d", body.text,
            ])
        guard result.status == 0 else { throw CommandFailure(result.out + result.err) }
        return try JSON(parsing: result.out)
    }

    func tables() throws -> [String] {
        try call("ListTables", [:])["TableNames"]?.array?.compactMap(\.string) ?? []
    }

    /// Items of a table that fits on a page.
    func count(_ table: String) throws -> Int {
        try call("Scan", ["TableName": .string(table), "Select": "COUNT"])["Count"]?.int ?? 0
    }
}
