import AWS
import Foundation
import Testing

@testable import S3

/// Goal: no operation of S3 is left out of the list of them.
/// Method: count the declarations in the sources.
@Suite struct OperationListTests {
    @Test func `all that are declared are in the list, each once`() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/S3")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var declared = 0
        for case let file as URL in try #require(files) where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            declared += text.matches(of: /static let \w+ = Operation\(/).count
        }
        #expect(declared == Operation.storage.count)
        #expect(Set(Operation.storage.map(\.name)).count == declared)
    }
}
