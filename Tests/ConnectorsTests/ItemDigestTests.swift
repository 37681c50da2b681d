import DynamoModel
import Foundation
import JSON
import Testing

@testable import Connectors
@testable import Flow

/// Digests, against the vectors of their definition.
struct ItemDigestTests {
    private static let document = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/dynaferry/Documentation.docc/Digest.md")

    private static let key = DigestKey(bytes: Array(0..<16))

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func hex(_ digest: UInt128) -> String {
        hex((0..<16).map { UInt8(truncatingIfNeeded: digest >> UInt128(8 * $0)) })
    }

    @Test("SipHash-2-4-128 of no byte and of one is what its authors' reference gives")
    func hash() {
        let hash = SipHash(key: Self.key.words)
        let none: [UInt8] = []
        #expect(
            none.withUnsafeBytes { Self.hex(hash.hash($0)) } == "a3817f04ba25a8e66df67214c7550293")
        let zero: [UInt8] = [0]
        #expect(
            zero.withUnsafeBytes { Self.hex(hash.hash($0)) } == "da87c1d86b99af44347659119b22fc45")
        #expect(Self.key.bytes == Array(0..<16))
    }

    @Test("the vectors of the guide are what items come to")
    func vectors() throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        let blocks = text.components(separatedBy: "\n\n").compactMap { block -> [String: String]? in
            let lines = block.split(separator: "\n").filter { !$0.hasPrefix("```") }
            let pairs = lines.map { line in
                (String(line.prefix { $0 != " " }), String(line.drop { $0 != " " }.dropFirst()))
            }
            let fields = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
            return fields["form"] == nil ? nil : fields
        }
        #expect(blocks.count == 8)
        for fields in blocks {
            let item = try #require(fields["item"])
            let type = try #require(
                try JSON(parsing: item)["id"]?.members.flatMap { ScalarType(rawValue: $0[0].name) })
            let schema = KeySchema(partition: KeyAttribute(name: "id", type: type))
            let page = Array("{\"Items\":[\(item)],\"Count\":1}".utf8)
            let padded = page + [UInt8](repeating: 0, count: PageCutter.padding)
            try padded.withUnsafeBytes { buffer in
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<page.count])
                let slice = try PageCutter(schema: schema).cut(bytes).items[0]
                let form = try CanonicalForm(schema: schema).withItem(slice, in: bytes) {
                    Self.hex($0)
                }
                #expect(form == fields["form"], "\(item)")
                let digester = ItemDigester(schema: schema, key: Self.key)
                #expect(Self.hex(try digester.digest(slice, in: bytes).item) == fields["hash"])
            }
        }
    }
}
