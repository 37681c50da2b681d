import DynamoModel
import JSON
import Pacing
import System

/// Draws items that the service takes, in spellings that it would not use itself.
struct RandomItem {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// A key `pk` (S) and `sk` (N), and a few attributes of any type.
    mutating func item() -> JSON {
        var members = [
            JSON.Member("pk", ["S": .string("p\(below(50))")]),
            JSON.Member("sk", ["N": .string(number())]),
        ]
        for place in 0..<below(12) { members.append(.init(name(place), value(depth: 0))) }
        return .object(members.shuffled(using: &generator))
    }

    private mutating func below(_ limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

    /// Names differ by their last part.
    private mutating func name(_ place: Int) -> String { "\(text())\(place)" }

    private mutating func text() -> String {
        let parts = [
            "", "a", "quote\"", "back\\slash", "line\nfeed", "\u{0}", "\u{1F}", "\u{7F}", "/",
            "é", "漢字", "😀", "\u{FFFF}", "longer text without anything special in it", "\u{8}\u{C}",
        ]
        return (0..<below(4)).map { _ in parts[below(parts.count)] }.joined()
    }

    private mutating func number() -> String {
        let digits = (0...below(38)).map { _ in String(below(10)) }.joined()
        let sign = ["", "-", "+"][below(3)]
        switch below(4) {
        case 0: return sign + digits
        case 1: return "\(sign)\(digits.prefix(20)).\(digits.suffix(10))"
        case 2: return "\(sign)\(digits.prefix(9))E\(below(200) - 100)"
        default: return "\(sign).\(digits)"
        }
    }

    private mutating func value(depth: Int) -> JSON {
        switch below(depth < 4 ? 10 : 5) {
        case 0: return ["S": .string(text())]
        case 1: return ["N": .string(number())]
        case 2: return ["B": .string(Base64.encode(bytes()))]
        case 3: return ["BOOL": .bool(below(2) == 0)]
        case 4: return ["NULL": true]
        case 5: return ["SS": .array((0...below(5)).map { .string("\(text())\($0)") })]
        case 6: return ["NS": .array((0...below(5)).map { .string("\(below(100)).\($0)1e\($0)") })]
        case 7:
            return [
                "BS": .array((0...below(5)).map { .string(Base64.encode(bytes() + [UInt8($0)])) })
            ]
        case 8: return ["L": .array((0..<below(4)).map { _ in value(depth: depth + 1) })]
        default:
            let count = below(4)
            return [
                "M": .object((0..<count).map { JSON.Member(name($0), value(depth: depth + 1)) })
            ]
        }
    }

    private mutating func bytes() -> [UInt8] {
        (0..<below(20)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
}
