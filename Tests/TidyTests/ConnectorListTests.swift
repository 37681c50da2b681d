import Foundation
import Testing

/// Goal: a source or a sink can't be added without the claims that the flow relies on.
@Suite struct ConnectorListTests {
    @Test func `each source and sink has its line in the suite of claims`() throws {
        let conformance = /class (?<name>\w+): (?:PageSource|BatchSink|UnitSink)/
        let names = SourceTree.swift.filter { $0.path.hasPrefix("Sources/") }.flatMap { file in
            file.lines.compactMap { line in
                (try? conformance.firstMatch(in: line)).map { String($0.output.name) }
            }
        }
        #expect(names.count >= 6, "\(names)")
        let suite = try #require(
            SourceTree.swift.first { $0.path.hasSuffix("ConnectorClaimTests.swift") })
        for name in names {
            #expect(
                suite.lines.contains { $0.contains("testDescription: \"\(name)\"") },
                "\(name) has no claims: see Tests/FaultTests/ConnectorClaimTests.swift")
        }
    }
}
