/// An element of a request's body in XML, with its text and the elements inside of it.
///
/// What requests to S3 need of XML 1.0 and no more: names without their prefixes, texts with the
/// entities of the standard, comments. Attributes are passed over; whatever else (a document type,
/// CDATA) makes the whole no XML for this reader. Depth and count are bounded.
struct XMLElement: Equatable {
    static let depthMax = 8
    /// A request to complete an upload of 10,000 parts has five elements for each.
    static let elementsMax = 100_000

    var name: String
    /// All text right inside of it.
    var text = ""
    var children: [XMLElement] = []

    /// Nil when the bytes are not one element.
    init?(parsing bytes: UnsafeRawBufferPointer) {
        var reader = XMLReader(bytes)
        guard let root = reader.document() else { return nil }
        self = root
    }

    fileprivate init(name: String) { self.name = name }

    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The text of the child of this name.
    func text(of name: String) -> String? { self[name]?.text }
}

/// Reads one document. Every method leaves off behind what it has read, or returns nil.
private struct XMLReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    private var elements = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() -> XMLElement? {
        if starts(with: "\u{FEFF}") { place += 3 }
        guard skipMisc(), let root = element(depth: 1), skipMisc(), place == bytes.count else {
            return nil
        }
        return root
    }

    private func starts(with text: String) -> Bool {
        bytes.count - place >= text.utf8.count
            && bytes[place..<(place + text.utf8.count)].elementsEqual(text.utf8)
    }

    /// Blanks, declarations and comments; false when one of them has no end.
    private mutating func skipMisc() -> Bool {
        while place < bytes.count {
            if bytes[place] <= 0x20 {
                place += 1
            } else if starts(with: "<?") {
                guard skip(past: "?>") else { return false }
            } else if starts(with: "<!--") {
                guard skip(past: "-->") else { return false }
            } else {
                break
            }
        }
        return true
    }

    private mutating func skip(past mark: String) -> Bool {
        while place < bytes.count {
            if starts(with: mark) {
                place += mark.utf8.count
                return true
            }
            place += 1
        }
        return false
    }

    private mutating func element(depth: Int) -> XMLElement? {
        elements += 1
        guard depth <= XMLElement.depthMax, elements <= XMLElement.elementsMax,
            starts(with: "<")
        else { return nil }
        place += 1
        guard let name = name(), let isEmpty = endOfTag() else { return nil }
        var element = XMLElement(name: Self.withoutPrefix(name))
        if isEmpty { return element }
        var text: [UInt8] = []
        while place < bytes.count {
            if starts(with: "</") {
                place += 2
                guard self.name() == name, endOfTag() == false else { return nil }
                guard let whole = String(validating: text, as: UTF8.self) else { return nil }
                element.text = whole
                return element
            } else if starts(with: "<!--") {
                guard skip(past: "-->") else { return nil }
            } else if bytes[place] == 0x3C {
                guard let child = self.element(depth: depth + 1) else { return nil }
                element.children.append(child)
            } else if bytes[place] == 0x26 {
                guard let entity = entity() else { return nil }
                text += entity
            } else {
                text.append(bytes[place])
                place += 1
            }
        }
        return nil
    }

    private mutating func name() -> String? {
        let start = place
        while place < bytes.count, bytes[place] > 0x20, ![0x2F, 0x3E, 0x3C].contains(bytes[place]) {
            place += 1
        }
        return place == start ? nil : String(decoding: bytes[start..<place], as: UTF8.self)
    }

    /// Passes over attributes to the end of a tag; whether it ends with `/>`.
    private mutating func endOfTag() -> Bool? {
        var quote: UInt8?
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == 0x22 || byte == 0x27 {
                quote = byte
            } else if byte == 0x3E {
                return bytes[place - 2] == 0x2F
            }
        }
        return nil
    }

    private mutating func entity() -> [UInt8]? {
        let rest = bytes[(place + 1)...].prefix(12)
        guard let end = rest.firstIndex(of: 0x3B) else { return nil }
        let name = String(decoding: bytes[(place + 1)..<end], as: UTF8.self)
        place = end + 1
        switch name {
        case "amp": return [0x26]
        case "lt": return [0x3C]
        case "gt": return [0x3E]
        case "quot": return [0x22]
        case "apos": return [0x27]
        default:
            guard name.hasPrefix("#") else { return nil }
            let isHex = name.hasPrefix("#x")
            let value = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10)
            return value.flatMap(Unicode.Scalar.init).map { Array(String($0).utf8) }
        }
    }

    private static func withoutPrefix(_ name: String) -> String {
        name.split(separator: ":").last.map(String.init) ?? name
    }
}
