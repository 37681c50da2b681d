import DynamoModel
import Foundation
import JSON
import Pacing
import Testing

/// How many damaged pages a run looks at: a bounded number, or what DYNAFERRY_FUZZ_ROUNDS says.
enum FuzzRounds {
    static var count: Int {
        ProcessInfo.processInfo.environment["DYNAFERRY_FUZZ_ROUNDS"].flatMap(Int.init) ?? 3_000
    }
}

/// One damaged page, by seed, as the cutter and the JSON reader see it.
struct PageFuzzer {
    let seed: UInt64

    /// Whether both take the page.
    func run() throws -> Bool {
        var random = RandomItems(seed: seed % 97)
        let items = (0..<3).map { random.item(index: $0) }
        var bytes = random.page(items, lastKey: true)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Int.random(in: 0...3, using: &generator) { damage(&bytes, &generator) }
        let read = PageByReader(bytes)
        let page: CutPage
        do {
            page = try cut(bytes)
        } catch let error as JSONError {
            // The service spells digits plainly; the cutter takes no other spelling of them.
            let isPlain = !error.reason.contains("escape in a number")
            if isPlain { #expect(read == nil, "seed \(seed): only the cutter refuses: \(error)") }
            return false
        }
        let expected = try #require(
            read, "seed \(seed): only the reader refuses \(String(decoding: bytes, as: UTF8.self))")
        let cutItems = try page.items.map { try JSON(parsing: Array(bytes[$0.range])) }
        #expect(cutItems == expected.items, "seed \(seed)")
        let key = try page.lastKey.map { try JSON(parsing: Array(bytes[$0])) }
        #expect(key == expected.lastKey, "seed \(seed)")
        for slice in page.items {
            _ = try bytes.withUnsafeBytes { try slice.key(in: $0, schema: .test) }
        }
        return true
    }

    private func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        let stretch = at..<min(bytes.count, at + Int.random(in: 1...40, using: &generator))
        switch Int.random(in: 0...5, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[at] = Array("{}[]\",:\\u0".utf8).randomElement(using: &generator)!
        case 2: bytes.removeSubrange(stretch)
        case 3: bytes.insert(contentsOf: bytes[stretch], at: at)
        case 4: bytes[at] = bytes[at] == 0x39 ? 0x30 : bytes[at] &+ 1
        default: bytes.removeLast(bytes.count - at)
        }
    }
}

/// A page read by way of the JSON reader: slowly, and by other code than the cutter's.
struct PageByReader {
    var items: [JSON] = []
    var lastKey: JSON?

    /// nil for what is no page.
    init?(_ bytes: [UInt8]) {
        guard let members = (try? JSON(parsing: bytes))?.members else { return nil }
        let named = { (name: String) in members.filter { $0.name == name }.map(\.value) }
        guard named("Items").count == 1, let items = named("Items")[0].array,
            items.allSatisfy(Self.isItem),
            named("Count").last?.int(in: 0...1_000_000) == items.count
        else { return nil }
        self.items = items
        for value in named("LastEvaluatedKey") {
            guard lastKey == nil else { return nil }
            if value == .null || value == [:] { continue }
            guard Self.isItem(value) else { return nil }
            lastKey = value
        }
    }

    private static func isItem(_ json: JSON) -> Bool {
        guard isMap(json) else { return false }
        return json["pk"]?["S"] != nil && json["sk"]?["N"] != nil
    }

    private static func isMap(_ json: JSON) -> Bool {
        guard let members = json.members else { return false }
        return Set(members.map { Array($0.name.utf8) }).count == members.count
            && members.allSatisfy { isValue($0.value) }
    }

    private static func isValue(_ json: JSON) -> Bool {
        guard let members = json.members, members.count == 1 else { return false }
        switch (members[0].name, members[0].value) {
        case ("S", .string): return true
        case ("N", .string(let text)): return isNumber(text)
        case ("B", .string(let text)): return isBinary(text)
        case ("BOOL", .bool), ("NULL", .bool): return true
        case ("SS", .array(let elements)): return isSet(elements) { _ in true }
        case ("NS", .array(let elements)): return isSet(elements, of: isNumber)
        case ("BS", .array(let elements)): return isSet(elements, of: isBinary)
        case ("L", .array(let elements)): return elements.allSatisfy(isValue)
        case ("M", let map): return isMap(map)
        default: return false
        }
    }

    /// So are numbers: one may be larger or smaller, or have more digits, than the service allows.
    private static func isNumber(_ text: String) -> Bool {
        (try? DynamoNumber(text)) != nil
            || text.contains(/^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/)
    }

    /// The characters of binary values are passed on as they came: the target looks at them.
    private static func isBinary(_ text: String) -> Bool { text.utf8.count % 4 == 0 }

    private static func isSet(_ elements: [JSON], of isElement: (String) -> Bool) -> Bool {
        !elements.isEmpty && elements.allSatisfy { $0.string.map(isElement) ?? false }
    }
}
