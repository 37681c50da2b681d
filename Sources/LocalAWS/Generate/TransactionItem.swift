import Pacing
import System

/// One generated payment: about 400 stored bytes, 700 of JSON. Every type of attribute occurs, and
/// whatever a careless copy would spoil: 38-digit numbers, text in many scripts and beyond the
/// basic plane, escapes, control characters, empty strings, lists and maps, binary sets.
struct TransactionItem {
    private var generator: SeededGenerator
    private let index: Int

    init(_ generator: SeededGenerator, index: Int) {
        self.generator = generator
        self.index = index
    }

    private static let currencies: [StaticString] = ["EUR", "USD", "JPY", "BRL", "INR", "SEK"]
    private static let states: [StaticString] = ["SETTLED", "PENDING", "REFUNDED", "DISPUTED"]
    private static let tags: [StaticString] = [
        "online", "pos", "recurring", "3ds", "corporate", "r\u{E9}current", "\u{5B9A}\u{671F}",
        "wallet", "abroad",
    ]
    private static let merchants: [StaticString] = [
        "Blumenladen K\u{F6}ln", "\u{6771}\u{4EAC}\u{55AB}\u{8336}\u{5E97}",
        "\u{41A}\u{43D}\u{438}\u{433}\u{438} \u{438} \u{447}\u{430}\u{439}",
        "\u{645}\u{62E}\u{628}\u{632} \u{627}\u{644}\u{646}\u{648}\u{631}",
        "\u{915}\u{93F}\u{924}\u{93E}\u{92C} \u{918}\u{930}", "Corner Store 24/7",
        "\u{C5}ngstr\u{F6}m & S\u{F8}n", "\u{05E1}\u{05E4}\u{05E8}\u{05D9}\u{05DD}",
        "\u{1F363} Sushi \u{1F1EF}\u{1F1F5}", "\u{0E01}\u{0E32}\u{0E41}\u{0E1F}",
        "Caf\u{65}\u{301}",
        "\u{D55C}\u{AD6D} \u{C2DD}\u{B2F9}", "\u{20BB7}\u{91CE}\u{5BB6}",
    ]
    /// Already escaped as JSON.
    private static let notes: [StaticString] = [
        "He said \\\"keep the change\\\"", "path C:\\\\temp\\\\receipt.txt", "line one\\nline two",
        "tab\\tseparated\\tvalues\\r\\n", "bell \\u0007 and escape \\u001b",
        "{\\\"nested\\\": \\\"json\\\"}",
        "plain text", "zero width\u{200B}joiner", "\\f form feed \\b backspace",
        "100% <b>&amp;</b>/",
        "", "nul \\u0000 inside", "del \u{7F} and nel \u{85}", "\u{1F469}\u{200D}\u{1F4BB} coder",
    ]
    private static let numbers: [StaticString] = [
        "12345678901234567890123456789012345678", "-0.00000000000000000000000000000000000001",
        "0.1", "-273.15", "0", "99999999999999999999999999999999999999",
        "3.1415926535897932384626433832795028841", "-1",
    ]

    /// - Parameter account: the partition key; nil to draw it, four items to an account.
    mutating func write(account: StaticString?, to output: inout ByteStorage) {
        output.append("{\"accountId\":{\"S\":\"")
        if let account {
            output.append(account)
        } else {
            output.append("acct-")
            output.append(padded: index / 4, digits: 9)
        }
        output.append("\"},\"sequence\":{\"N\":\"")
        output.append(decimal: index % 3 == 0 ? -index : index)
        if index % 11 == 3 { output.append(".25") }
        output.append("\"},\"amount\":{\"N\":\"")
        if generator.next() & 3 == 0 { output.append("-") }
        output.append(decimal: Int(generator.next() % 99_999))
        output.append(0x2E)
        output.append(decimal: Int(generator.next() % 89) + 10)
        // A last zero would be dropped by the service's spelling.
        output.append("5\"},\"currency\":{\"S\":\"")
        output.append(pick(Self.currencies))
        output.append("\"},\"status\":{\"S\":\"")
        output.append(pick(Self.states))
        output.append("\"},\"createdAt\":{\"S\":\"2026-")
        output.append(padded: Int(generator.next() % 12) + 1, digits: 2)
        output.append(0x2D)
        output.append(padded: Int(generator.next() % 28) + 1, digits: 2)
        output.append("T12:")
        output.append(padded: Int(generator.next() % 60), digits: 2)
        output.append(":07.123Z\"},\"reference\":{\"S\":\"txn_")
        for _ in 0..<2 {
            output.append(padded: Int(generator.next() >> 4), digits: 19)
            output.append(0x2D)
        }
        output.append(pick(Self.currencies))
        output.append("\"},\"merchant\":{\"M\":{\"name\":{\"S\":\"")
        output.append(pick(Self.merchants))
        output.append("\"},\"mcc\":{\"N\":\"")
        output.append(decimal: 1000 + Int(generator.next() % 8999))
        output.append("\"},\"online\":{\"BOOL\":")
        output.append(generator.next() & 1 == 0 ? "true" : "false")
        output.append("}}},\"note\":{\"S\":\"")
        output.append(pick(Self.notes))
        output.append("\"}")
        writeSets(to: &output)
        writeLines(to: &output)
        writeOddities(to: &output)
        output.append(0x7D)
    }

    private mutating func pick(_ texts: [StaticString]) -> StaticString {
        texts[Int(generator.next() % UInt64(texts.count))]
    }

    private mutating func writeSets(to output: inout ByteStorage) {
        output.append(",\"tags\":{\"SS\":[")
        let first = Int(generator.next() % UInt64(Self.tags.count))
        for place in 0...Int(generator.next() % 3) {
            output.append(place == 0 ? "\"" : ",\"")
            output.append(Self.tags[(first + place) % Self.tags.count])
            output.append(0x22)
        }
        output.append("]},\"scores\":{\"NS\":[\"")
        let base = Int(generator.next() % 1000)
        output.append(decimal: base)
        output.append("\",\"-")
        output.append(decimal: base + 1)
        output.append(".5\"]},\"fingerprint\":{\"B\":\"")
        writeBase64(groups: 7, to: &output)
        output.append("\"}")
        if generator.next() & 1 == 0 {
            output.append(",\"keys\":{\"BS\":[\"")
            writeBase64(groups: 4, to: &output)
            output.append("\",\"")
            writeBase64(groups: 3, to: &output)
            output.append("\",\"AA==\"]}")
        }
    }

    /// Three bytes a group.
    private mutating func writeBase64(groups: Int, to output: inout ByteStorage) {
        let alphabet: StaticString =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for _ in 0..<groups {
            var bits = generator.next()
            for _ in 0..<4 {
                output.append(alphabet.utf8Start[Int(bits & 63)])
                bits >>= 6
            }
        }
    }

    private mutating func writeLines(to output: inout ByteStorage) {
        output.append(",\"lines\":{\"L\":[")
        for place in 0..<Int(generator.next() % 3) {
            output.append(
                place == 0 ? "{\"M\":{\"sku\":{\"S\":\"SKU-" : ",{\"M\":{\"sku\":{\"S\":\"SKU-")
            output.append(padded: Int(generator.next() % 100_000), digits: 6)
            output.append("\"},\"quantity\":{\"N\":\"")
            output.append(decimal: Int(generator.next() % 20) + 1)
            output.append(
                "\"},\"path\":{\"L\":[{\"S\":\"a\"},{\"L\":[{\"N\":\"-7\"},{\"NULL\":true}]}]}}}")
        }
        output.append("]}")
    }

    /// What only some items have.
    private mutating func writeOddities(to output: inout ByteStorage) {
        let choice = generator.next()
        if choice & 1 == 0 {
            output.append(",\"exact\":{\"N\":\"")
            output.append(pick(Self.numbers))
            output.append("\"}")
        }
        if choice & 2 == 0 { output.append(",\"reversedAt\":{\"NULL\":true}") }
        if choice & 12 == 0 { output.append(",\"empty\":{\"S\":\"\"},\"blank\":{\"B\":\"\"}") }
        if choice & 48 == 0 { output.append(",\"none\":{\"L\":[]},\"nothing\":{\"M\":{}}") }
        if choice & 64 == 0 { output.append(",\"flagged\":{\"BOOL\":false}") }
        if choice & 0x780 == 0 {
            // The ends of the range of numbers, in the service's spelling.
            output.append(",\"largest\":{\"N\":\"9")
            for _ in 0..<125 { output.append(0x30) }
            output.append("\"},\"smallest\":{\"N\":\"-0.")
            for _ in 0..<129 { output.append(0x30) }
            output.append("1\"}")
        }
        if choice & 0x1800 == 0 {
            output.append(",\"na\\\"me\u{1F4B3}\":{\"S\":\"\u{1F600}\u{1F680}\"}")
        }
    }
}
