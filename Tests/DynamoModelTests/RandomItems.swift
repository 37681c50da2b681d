import DynamoModel
import JSON
import Pacing

/// Makes items of every type, and spells them in JSON in ways that the service does not promise
/// not to use.
struct RandomItems {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func item(index: Int) -> Item {
        var item: Item = [
            Array("pk".utf8): .string("key \(index) \u{e9}\"\\"),
            Array("sk".utf8): .number(try! DynamoNumber("\(index)")),
        ]
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            item[name()] = value(depth: 0)
        }
        return item
    }

    private mutating func name() -> [UInt8] {
        let names = ["a", "name", "with \"quotes\"", "日本語", "😀", "tab\t", "x.y", "p", "skk"]
        let suffix = Int.random(in: 0...99, using: &generator)
        return Array((names.randomElement(using: &generator)! + "\(suffix)").utf8)
    }

    private mutating func text() -> [UInt8] {
        let pieces = [
            "", "plain text", "\"", "\\", "\n\r\t\u{1}", "é", "漢字", "😀", "/", "0123456789",
        ]
        let count = Int.random(in: 0...6, using: &generator)
        return (0..<count).flatMap { _ in Array(pieces.randomElement(using: &generator)!.utf8) }
    }

    private mutating func bytes() -> [UInt8] {
        (0..<Int.random(in: 0...20, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
    }

    mutating func number() -> DynamoNumber {
        let digits = Int.random(in: 1...38, using: &generator)
        var text = Bool.random(using: &generator) ? "-" : ""
        for _ in 0..<digits { text += "\(Int.random(in: 0...9, using: &generator))" }
        let exponent = Int.random(in: -130...80, using: &generator)
        return (try? DynamoNumber("\(text)E\(exponent)")) ?? (try! DynamoNumber(text))
    }

    private mutating func value(depth: Int) -> AttributeValue {
        switch Int.random(in: 0...(depth < 4 ? 9 : 7), using: &generator) {
        case 0: return .string(text())
        case 1: return .number(number())
        case 2: return .binary(bytes())
        case 3: return .bool(Bool.random(using: &generator))
        case 4: return .null
        case 5: return .stringSet(Set((0...2).map { _ in text() + name() }))
        case 6: return .numberSet(Set((0...2).map { _ in number() }))
        case 7: return .binarySet(Set((0...2).map { _ in bytes() }))
        case 8:
            return .list(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth: depth + 1) })
        default:
            var members: Item = [:]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                members[name()] = value(depth: depth + 1)
            }
            return .map(members)
        }
    }

    /// A Scan reply that holds `items`, its members in random order, with random white space and
    /// escapes.
    mutating func page(_ items: [Item], lastKey: Bool) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("Count", JSON(items.count)), .init("ScannedCount", JSON(items.count)),
            .init("Items", .array(items.map(\.json))),
            .init("ConsumedCapacity", ["TableName": "t", "CapacityUnits": 12.5]),
        ]
        if lastKey, let last = items.last {
            let key = last.filter { $0.key == Array("pk".utf8) || $0.key == Array("sk".utf8) }
            members.append(.init("LastEvaluatedKey", key.json))
        }
        var output: [UInt8] = []
        spell(.object(members.shuffled(using: &generator)), to: &output)
        return output
    }

    mutating func spell(_ json: JSON, to output: inout [UInt8]) {
        space(&output)
        switch json {
        case .array(let elements):
            output.append(0x5B)
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(0x2C) }
                spell(element, to: &output)
            }
            space(&output)
            output.append(0x5D)
        case .object(let members):
            output.append(0x7B)
            for (index, member) in members.shuffled(using: &generator).enumerated() {
                if index > 0 { output.append(0x2C) }
                space(&output)
                spell(member.name, to: &output)
                space(&output)
                output.append(0x3A)
                spell(member.value, to: &output)
            }
            space(&output)
            output.append(0x7D)
        case .string(let text): spell(text, to: &output)
        default: output += json.bytes
        }
        space(&output)
    }

    private mutating func space(_ output: inout [UInt8]) {
        guard generator.unit() < 0.05 else { return }
        output.append([0x20, 0x0A, 0x0D, 0x09].randomElement(using: &generator)!)
    }

    private mutating func spell(_ text: String, to output: inout [UInt8]) {
        output.append(0x22)
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            // Numbers are spelt plainly by everyone; names and texts may be escaped anywhere.
            if mustEscape || (generator.unit() < 0.02 && !text.allSatisfy(\.isNumberCharacter)) {
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16, uppercase: Bool.random(using: &generator))
                    output += Array("\\u\(String(repeating: "0", count: 4 - hex.count))\(hex)".utf8)
                }
            } else {
                output += String(scalar).utf8
            }
        }
        output.append(0x22)
    }
}

extension Character {
    fileprivate var isNumberCharacter: Bool { "0123456789+-.eE".contains(self) }
}
