import DynamoModel
import Flow
import Pacing
import System
import Testing

@testable import Connectors

/// Goal: of changes the target keeps what is wanted of them and nothing else: what makes an item
/// one that nobody wants deletes it, unless the target can't have it.
@Suite struct WindowStageTests {
    private static let schema = KeySchema(partition: KeyAttribute(name: "pk", type: .string))

    private static func key(_ name: String) -> String { #"{"pk":{"S":"\#(name)"}}"# }

    private static func item(_ name: String, _ value: Int) -> String {
        #"{"pk":{"S":"\#(name)"},"v":{"N":"\#(value)"}}"#
    }

    private static func line(_ name: String, old: Int?, new: Int?) -> String {
        var parts = ["\"Keys\":\(key(name))"]
        if let old { parts.append("\"OldImage\":\(item(name, old))") }
        if let new { parts.append("\"NewImage\":\(item(name, new))") }
        return "{" + parts.joined(separator: ",") + "}"
    }

    /// A page of changes, as a file's reader makes it.
    private static func page(
        _ lines: [String], joinsExactly: Bool = false, showsOldImages: Bool = true,
        cutoff: Double? = nil
    ) -> Page {
        let buffer = ByteBuffer()
        var ranges: [Range<Int>] = []
        for line in lines {
            let start = buffer.count
            buffer.append(Array(line.utf8))
            ranges.append(start..<buffer.count)
        }
        var page = Page(
            PageRequest(
                partition: Partition(name: "a"), after: nil, itemsMax: 100, bytesMax: 1 << 20),
            in: buffer)
        let window = ExportWindow(from: 0, to: 100, showsOldImages: showsOldImages)
        var changes = ChangeLines(
            LineCutter(schema: schema), schema,
            ChainedWindow(
                id: "w", window: window, joinsExactly: joinsExactly, cutoff: cutoff, items: 0))
        for (number, result) in changes.cut(ranges, of: buffer, into: &page).enumerated() {
            switch result {
            case .success(let slice): page.items.append(slice)
            case .failure(let error):
                page.items.append(ItemSlice(line: ranges[number]))
                page.refuse(
                    number, FlowFailure(.giveUp, code: BadLine.code, message: error.reason))
            }
        }
        return page
    }

    /// What becomes of each item: `put`, `delete` and its bytes, or why it is not written.
    private static func fates(_ page: Page) -> [String] {
        page.items.indices.map { item in
            if !page.isToBeWritten(item) { return page.isRefused(item) ? "refused" : "left out" }
            let bytes = String(
                decoding: page.buffer.bytes[page.written(item).range], as: UTF8.self)
            return (page.isDelete(item) ? "delete " : "put ") + bytes
        }
    }

    private static func filtered(_ page: Page) throws -> [String] {
        var page = page
        let transform = try ItemTransform(.init(wanted: "v < 5"), hasJob: false)
        try FilterStage(transform).apply(to: &page)
        return fates(page)
    }

    private static let lines = [
        line("a", old: 1, new: 2), line("b", old: 1, new: 9), line("c", old: 8, new: 9),
        line("d", old: nil, new: 9), line("e", old: 8, new: nil), line("f", old: 1, new: nil),
        "no change",
    ]

    @Test func `what is not wanted any more is deleted, and what it was does not matter`() throws {
        #expect(
            try Self.filtered(Self.page(Self.lines)) == [
                "put " + Self.item("a", 2), "delete " + Self.key("b"), "delete " + Self.key("c"),
                "delete " + Self.key("d"), "delete " + Self.key("e"), "delete " + Self.key("f"),
                "refused",
            ])
    }

    @Test func `what the target can't have is not deleted`() throws {
        let fates = try Self.filtered(Self.page(Self.lines, joinsExactly: true))
        #expect(
            fates == [
                "put " + Self.item("a", 2), "delete " + Self.key("b"), "left out", "left out",
                "left out", "delete " + Self.key("f"), "refused",
            ])
        let unknown = Self.page(
            [Self.line("c", old: nil, new: 9)], joinsExactly: true,
            showsOldImages: false)
        #expect(try Self.filtered(unknown) == ["delete " + Self.key("c")])
    }

    @Test func `keys that are set are those of what is deleted, too`() throws {
        var page = Self.page([Self.line("a", old: nil, new: 2), Self.line("b", old: 1, new: nil)])
        let transform = try ItemTransform(.init(set: "pk = 'x' || pk, v = v + 1"), hasJob: false)
        for stage in transform.stages(from: Self.schema, to: Self.schema) {
            try stage.apply(to: &page)
        }
        #expect(Self.fates(page) == ["put " + Self.item("xa", 3), "delete " + Self.key("xb")])
        #expect(page.replacedCount == 1)
        #expect(transform.otherAttributeRead(settingKeysOf: Self.schema) == nil)
        let other = try ItemTransform(.init(set: "pk = v"), hasJob: false)
        #expect(other.otherAttributeRead(settingKeysOf: Self.schema) == "v")
    }

    @Test func `an expired change is a delete, and a line that is none is not looked at`() throws {
        var page = Self.page([
            Self.line("a", old: nil, new: 1_700_000_000), Self.line("b", old: nil, new: 5), "{",
        ])
        let rule = ExpiryRule(attribute: "v")
        try ExpiryStage(rule, time: MonotonicTime()).apply(to: &page)
        #expect(
            Self.fates(page) == ["delete " + Self.key("a"), "put " + Self.item("b", 5), "refused"])
    }

    @Test func `what was written once a later window had begun is left to that`() throws {
        func change(_ name: String, at second: Int) -> String {
            let time = #""Metadata":{"WriteTimestampMicros":{"N":"\#(second)000000"}}"#
            return "{\(time),\"NewImage\":\(Self.item(name, 1))}"
        }
        let page = Self.page([change("a", at: 49), change("b", at: 50)], cutoff: 50)
        #expect(Self.fates(page) == ["put " + Self.item("a", 1), "delete " + Self.key("b")])
    }

    @Test func `a delete costs what was there, or what the others of its file do`() throws {
        let page = Self.page([
            Self.line("a", old: nil, new: 2), Self.line("b", old: nil, new: nil),
            Self.line("c", old: 12_345, new: nil),
        ])
        #expect(page.items.map(\.size) == [6, 6, 8])
    }
}
