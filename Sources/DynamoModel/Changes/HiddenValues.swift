import Glibc
import System

/// What rules come upon in one item: values that are hidden, and those that are kept.
extension ItemRules {
    struct Walk {
        /// As it was read.
        let item: Item
        /// By what is searched for: where it was first.
        private var hidden: [[UInt8]: PathPattern] = [:]
        private var kept: [(value: AttributeValue, place: PathPattern)] = []
        private var names: [[UInt8]] = []

        init(_ item: Item) { self.item = item }

        mutating func hide(_ value: AttributeValue, at place: PathPattern) {
            value.forEachText(hasNames: false) { text in
                guard HiddenText.isSearched(text) else { return }
                let folded = HiddenText.folded(text)
                if hidden[folded] == nil { hidden[folded] = place }
            }
        }

        mutating func kept(_ value: AttributeValue, at place: PathPattern) -> AttributeValue {
            kept.append((value, place))
            return value
        }

        mutating func keptName(_ name: [UInt8]) { names.append(name) }

        /// Searches what is kept for what is hidden.
        func search(first keys: [[UInt8]]) throws(ValueFailure) {
            if hidden.isEmpty { return }
            let search = HiddenText(hidden)
            for name in names {
                if let place = search.place(in: name) {
                    throw ValueFailure("the name of an attribute holds the value of \(place)")
                }
            }
            let (ahead, rest) = (
                kept.filter { keys.contains($0.place.attribute) },
                kept.filter { !keys.contains($0.place.attribute) }
            )
            for (value, place) in ahead + rest {
                var found: PathPattern?
                value.forEachText(hasNames: true) { text in
                    if found == nil { found = search.place(in: text) }
                }
                if let found { throw ValueFailure("\(place) holds the value of \(found)") }
            }
        }
    }
}

/// How values are searched for in others.
struct HiddenText {
    private let parts: [(text: [UInt8], place: PathPattern)]
    /// By the first bytes of each; nil where there are so few that each is searched for by itself.
    private let starts: [UInt32: [Int]]?

    /// What is shorter stands in too many texts by chance.
    static let bytesMin = 4
    /// A number of fewer digits is none when it is part of a longer one.
    private static let digitsMin = 8
    private static let fewMax = 16

    init(_ hidden: [[UInt8]: PathPattern]) {
        let parts = hidden.map { (text: $0.key, place: $0.value) }
            .sorted { $0.text.lexicographicallyPrecedes($1.text) }
        self.parts = parts
        starts =
            parts.count <= Self.fewMax
            ? nil : Dictionary(grouping: parts.indices) { Self.start(parts[$0].text, 0) }
    }

    static func isSearched(_ text: [UInt8]) -> Bool { text.count >= bytesMin }

    /// Which hidden value a text holds, if any.
    func place(in text: [UInt8]) -> PathPattern? {
        let text = Self.folded(text)
        guard text.count >= Self.bytesMin else { return nil }
        guard let starts else { return parts.first { Self.holds(text, $0.text) }?.place }
        for place in 0...(text.count - Self.bytesMin) {
            guard let found = starts[Self.start(text, place)] else { continue }
            for number in found where Self.stands(parts[number].text, in: text, at: place) {
                return parts[number].place
            }
        }
        return nil
    }

    private static func start(_ text: [UInt8], _ place: Int) -> UInt32 {
        text[place..<(place + bytesMin)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Large and small letters are the same.
    static func folded(_ text: [UInt8]) -> [UInt8] {
        if !text.allSatisfy({ $0 < 0x80 }), let string = String(validating: text, as: UTF8.self) {
            return Array(string.lowercased().utf8)
        }
        return text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// - Parameters: both folded.
    static func holds(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
        var start = 0
        while let place = place(of: part, in: whole, from: start) {
            if stands(part, in: whole, at: place) { return true }
            start = place + 1
        }
        return false
    }

    private static func stands(_ part: [UInt8], in whole: [UInt8], at place: Int) -> Bool {
        let end = place + part.count
        guard end <= whole.count, whole[place..<end].elementsEqual(part) else { return false }
        guard part.count < digitsMin, part.allSatisfy(isDigit) else { return true }
        return !(place > 0 && isDigit(whole[place - 1]))
            && !(end < whole.count && isDigit(whole[end]))
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
