import Flow
import Testing

@testable import Connectors

/// Goal: of any records those are found whose keys are one and whose origins are not, in as many
/// passes as memory makes necessary.
@Suite struct KeyCollisionTests {
    private func find(_ parts: [KeyOrigins], bytesMax: Int) throws -> KeyCollisions {
        try CollisionSearch(
            bytes: parts.reduce(0) { $0 + $1.bytes.count }, bytesMax: bytesMax, folder: "/tmp"
        ) { after throws(JobError) in
            after < parts.count ? (after + 1, parts[after].bytes) : nil
        }.run()
    }

    @Test(arguments: [1 << 20, 2_000, 1])
    func `they are found in however little memory`(bytesMax: Int) throws {
        var parts: [KeyOrigins] = []
        for part in 0..<7 {
            var origins = KeyOrigins()
            for number in 0..<50 {
                // Every item twice, as after a stop; some under a key of another one.
                let text = Array("item \(part % 5)-\(number)".utf8)
                let key = number == 7 ? 7 : UInt128(1_000 * (part % 5) + number)
                origins.append(key: key, origin: text, text: text.count)
            }
            parts.append(origins)
        }
        let found = try find(parts, bytesMax: bytesMax)
        #expect(found.count == 1)
        #expect(found.examples.count == 1 && found.examples[0].count == 2)
        #expect(found.examples[0].allSatisfy { $0.hasSuffix("-7") })
        #expect(KeyCollisions(json: found.json) == found)
        #expect(try find(Array(parts[0..<1] + parts[5..<6]), bytesMax: bytesMax).count == 0)
    }

    @Test func `damage is told`() throws {
        var origins = KeyOrigins()
        origins.append(key: 1, origin: [65], text: 1)
        var cut = KeyOrigins()
        cut.append(origins.bytes.dropLast()[...])
        #expect(throws: JobError.self) { try find([cut], bytesMax: 1_000) }
    }
}
