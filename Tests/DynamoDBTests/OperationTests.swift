import AWS
import Foundation
import Testing

@testable import DynamoDB

/// What is said of an operation is said once, and of all of them.
@Suite struct OperationTests {
    @Test func `they are spelt as AWS has them, and none is named twice`() {
        #expect(Operation.batchWriteItem.target == "DynamoDB_20120810.BatchWriteItem")
        #expect(Operation.putScalingPolicy.target == "AnyScaleFrontendService.PutScalingPolicy")
        #expect(Set(Operation.all.map(\.target)).count == Operation.all.count)
        #expect(Set(Operation.all).count == Operation.all.count)
    }

    @Test func `those that read are named so by AWS, and the others are not`() {
        for operation in Operation.all {
            let reads = ["Describe", "List", "Get", "BatchGet", "Query", "Scan"].contains {
                operation.name.hasPrefix($0)
            }
            #expect(operation.mutates == !reads, "\(operation.name)")
        }
    }

    /// Goal: no operation is left out of the list, which the tests of absurd replies go through.
    /// Method: count the declarations in the sources.
    @Test func `all that are declared are in the list`() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/DynamoDB")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var declared = 0
        for case let file as URL in try #require(files) where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            declared += text.matches(of: /static let \w+ = (Read)?Operation\(/).count
        }
        #expect(declared == Operation.all.count)
    }
}
