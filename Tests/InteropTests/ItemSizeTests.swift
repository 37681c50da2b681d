import DynamoModel
import Foundation
import JSON
import System
import Testing

/// Item sizes decide what is charged, what fits into a page, and what a limit allows.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct ItemSizeTests {
    /// The script was written from the published rules alone, and shares no code with ours.
    @Test(.timeLimit(.minutes(20)))
    func `sizes agree with an independent computation on 4,000 random items`() async throws {
        let seed = Int.random(in: 0..<1_000_000)
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString).txt").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await Programs.runScript("item_size.py", ["4000", "\(seed)", path])
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 4_000)
        let wanted = try lines.map { line in
            try #require(Int(line.prefix { $0 != "\t" }), "no size in \(line.prefix(40))")
        }
        let items = lines.map { $0[$0.firstIndex(of: "\t")!...].dropFirst() }

        let page = "{\"Items\":[\(items.joined(separator: ","))],\"Count\":\(items.count)}"
        let cut = try Self.cut(page)
        #expect(cut.items.count == items.count)
        #expect(cut.storedBytes == wanted.reduce(0, +), "seed \(seed)")
        for (index, item) in items.enumerated() {
            let size = Int(cut.items[index].size)
            #expect(size == wanted[index], "cut with seed \(seed), item \(index): \(item)")
            let decoded = try Item(JSON(parsing: String(item)))
            #expect(
                ItemSize.of(decoded) == wanted[index],
                "decoded with seed \(seed), item \(index): \(item)")
        }
    }

    private static func cut(_ page: String) throws -> CutPage {
        let schema = KeySchema(
            partition: KeyAttribute(name: "pk", type: .string),
            sort: KeyAttribute(name: "sk", type: .number))
        let bytes = Array(page.utf8)
        let padded = bytes + [UInt8](repeating: 0, count: PageCutter.padding)
        return try padded.withUnsafeBytes { buffer in
            try PageCutter(schema: schema)
                .cut(UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count]))
        }
    }
}
