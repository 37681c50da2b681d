import Glibc
import System

/// What rules come upon in one item: values that are hidden, and those that are kept.
extension ItemRules {
    struct Walk {
        /// As it was read.
        let item: Item
        private var hidden: [(text: [UInt8], place: PathPattern)] = []
        private var kept: [(value: AttributeValue, place: PathPattern)] = []

        init(_ item: Item) { self.item = item }

        mutating func hide(_ value: AttributeValue, at place: PathPattern) {
            value.forEachText(hasNames: false) { text in
                if HiddenText.isSearched(text) { hidden.append((HiddenText.folded(text), place)) }
            }
        }

        mutating func kept(_ value: AttributeValue, at place: PathPattern) -> AttributeValue {
            kept.append((value, place))
            return value
        }

        /// Searches what is kept for what is hidden.
        func search(first keys: [[UInt8]]) throws(ValueFailure) {
            if hidden.isEmpty { return }
            let (ahead, rest) = (
                kept.filter { keys.contains($0.place.attribute) },
                kept.filter { !keys.contains($0.place.attribute) }
            )
            for (value, place) in ahead + rest {
                var found: PathPattern?
                value.forEachText(hasNames: true) { text in
                    guard found == nil else { return }
                    let text = HiddenText.folded(text)
                    found = hidden.first { HiddenText.holds(text, $0.text) }?.place
                }
                if let found { throw ValueFailure("\(place) holds the value of \(found)") }
            }
        }
    }
}

/// How a value is searched for in others.
enum HiddenText {
    /// What is shorter stands in too many texts by chance.
    static let bytesMin = 4
    /// A number of fewer digits is none when it is part of a longer one.
    private static let digitsMin = 8

    static func isSearched(_ text: [UInt8]) -> Bool { text.count >= bytesMin }

    /// Large and small letters are the same.
    static func folded(_ text: [UInt8]) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) {
            return text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        }
        guard let string = String(validating: text, as: UTF8.self) else { return text }
        return Array(string.lowercased().utf8)
    }

    /// - Parameters: both folded.
    static func holds(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
        guard part.count <= whole.count else { return false }
        let isNumber = part.count < digitsMin && part.allSatisfy(isDigit)
        var start = 0
        while let place = place(of: part, in: whole, from: start) {
            let end = place + part.count
            let isWithin =
                (place > 0 && isDigit(whole[place - 1]))
                || (end < whole.count && isDigit(whole[end]))
            if !isNumber || !isWithin { return true }
            start = place + 1
        }
        return false
    }

    private static func place(of part: [UInt8], in whole: [UInt8], from start: Int) -> Int? {
        let last = whole.count - part.count
        return whole.withUnsafeBytes { whole in
            part.withUnsafeBytes { part in
                var start = start
                while start <= last,
                    let first = memchr(
                        whole.baseAddress! + start, Int32(part[0]), last + 1 - start)
                {
                    let place = UnsafeRawPointer(first) - whole.baseAddress!
                    if memcmp(first, part.baseAddress!, part.count) == 0 { return place }
                    start = place + 1
                }
                return nil
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension AttributeValue {
    /// The text of each scalar in it.
    /// - Parameter hasNames: the names of members, too.
    fileprivate func forEachText(hasNames: Bool, _ body: ([UInt8]) -> Void) {
        switch self {
        case .string(let bytes), .binary(let bytes): body(bytes)
        case .number(let number): body(Array(number.text.utf8))
        case .bool, .null: break
        case .stringSet(let values), .binarySet(let values): for value in values { body(value) }
        case .numberSet(let values): for value in values { body(Array(value.text.utf8)) }
        case .list(let values):
            for value in values { value.forEachText(hasNames: hasNames, body) }
        case .map(let members):
            for (name, value) in members {
                if hasNames { body(name) }
                value.forEachText(hasNames: hasNames, body)
            }
        }
    }
}
