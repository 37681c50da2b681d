import Connectors
import DynamoModel
import Flow
import Foundation
import System
import Testing
import Transfer

/// What two tables are compared by is defined in words; a program that others wrote by them must
/// come to the same.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct DigestTests {
    /// DYNAFERRY_DIGEST_ITEMS asks for more.
    private static let count =
        ProcessInfo.processInfo.environment["DYNAFERRY_DIGEST_ITEMS"].flatMap { Int($0) } ?? 4_000

    /// The script was written from DIGEST.md alone, and shares no code with ours.
    @Test(.timeLimit(.minutes(20)))
    func `digests agree with an independent computation on random items`() async throws {
        let seed = Int.random(in: 0..<1_000_000)
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString).txt").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await Programs.runScript("digest.py", ["\(Self.count)", "\(seed)", path])
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == Self.count)
        let schema = KeySchema(
            partition: KeyAttribute(name: "pk", type: .string),
            sort: KeyAttribute(name: "sk", type: .number))
        let key = DigestKey(bytes: Array(0..<16))
        let digester = ItemDigester(schema: schema, key: key)
        for line in lines {
            let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
            try #require(parts.count == 3, "seed \(seed): \(line)")
            let found = try Self.digest(parts[2], digester, schema)
            #expect(Self.hex(found.key) == parts[0], "key, seed \(seed): \(parts[2])")
            #expect(Self.hex(found.item) == parts[1], "item, seed \(seed): \(parts[2])")
        }
    }

    private static func digest(
        _ item: String, _ digester: ItemDigester, _ schema: KeySchema
    ) throws -> ItemDigest {
        let page = Array("{\"Items\":[\(item)],\"Count\":1}".utf8)
        let padded = page + [UInt8](repeating: 0, count: PageCutter.padding)
        return try padded.withUnsafeBytes { buffer in
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<page.count])
            let cut = try PageCutter(schema: schema).cut(bytes)
            return try digester.digest(cut.items[0], in: bytes)
        }
    }

    /// The bytes of a digest, in their order.
    private static func hex(_ digest: UInt128) -> String {
        (0..<16).map { index in
            let byte = UInt8(truncatingIfNeeded: digest >> UInt128(8 * index))
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
