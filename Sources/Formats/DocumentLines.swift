import DynamoModel
import System

/// Makes lines of the elements of lists in JSON documents, one behind the other: `{"Items":[...]}`
/// as `aws dynamodb scan` prints it, `{"TABLE":[...]}` as `batch-write-item` takes it, or a list.
///
/// An element goes as it came, but for its line breaks; whether it is an item is for those to say
/// who cut the lines. What it holds is the state of a parser, whatever a document's size.
package struct DocumentLines: LineMaker {
    package let noun = "item"
    package let form: LineCutter.Form
    /// No other file follows.
    private let isWhole: Bool

    private enum Place {
        /// Before a document, or behind one.
        case outside
        /// In the outermost object: before a name, in it, behind it, before its value.
        case beforeName, inName, behindName, beforeValue
        /// In a value that is passed over, or behind it.
        case inValue, behindValue
        /// In a list of items: before one, in it, behind it.
        case beforeItem, inItem, behindItem
    }

    private var place = Place.outside
    /// The list is a member of the outermost object.
    private var isMember = false
    private var depth = 0
    /// The document has had a list of items.
    private var hasList = false
    private var isInString = false
    private var isEscaped = false
    private var name: [UInt8] = []
    /// Of the list that requests were taken of.
    private var table: [UInt8]?
    /// The last document says that there was more to be read.
    private var hasMore = false
    private var line = 1

    /// Of a name, to tell it from others.
    private static let nameMax = 300

    /// - Parameter form: of the elements. With ``LineCutter/Form/attributes`` those of `Items` are
    ///   taken, and no others.
    init(_ form: LineCutter.Form, isWhole: Bool = false) {
        self.form = form
        self.isWhole = isWhole
    }

    package mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLast: Bool, into lines: ByteBuffer,
        _ defects: inout [Int: String]
    ) throws(FormatFlaw) -> Int {
        // A run of an element's bytes that go on as they are.
        var start = 0
        for position in bytes.indices {
            let byte = bytes[position]
            if byte == 0x0A { line += 1 }
            if place == .inItem {
                if isInString || byte != 0x0A && byte != 0x0D {
                    try step(byte)
                    guard place != .inItem else { continue }
                    lines.append(UnsafeRawBufferPointer(rebasing: bytes[start...position]))
                    lines.append(0x0A)
                } else {
                    lines.append(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
                    lines.append(0x20)
                    start = position + 1
                }
            } else {
                try step(byte)
                if place == .inItem { start = position }
            }
        }
        if place == .inItem { lines.append(UnsafeRawBufferPointer(rebasing: bytes[start...])) }
        if isLast, place != .outside { throw FormatFlaw("is cut short: it ends within a document") }
        if isLast, hasMore, isWhole {
            throw FormatFlaw(
                "ends before the last page: its last document says where the next one begins",
                hint: "scan again without --max-items and --no-paginate; or take it as it is with"
                    + " --format scan")
        }
        return bytes.count
    }

    private mutating func step(_ byte: UInt8) throws(FormatFlaw) {
        if isInString { return try stepInString(byte) }
        if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { return }
        switch place {
        case .outside: try open(byte)
        case .beforeName: try beginName(byte)
        case .inName: break
        case .behindName:
            guard byte == 0x3A else { throw unexpected(byte, "':'") }
            place = .beforeValue
        case .beforeValue: try beginValue(byte)
        case .inValue: try stepInValue(byte)
        case .behindValue: try endMember(byte)
        case .beforeItem:
            if byte == 0x5D { return endList() }
            guard byte == 0x7B else { throw unexpected(byte, "an item") }
            (place, depth) = (.inItem, 1)
        case .inItem:
            nest(byte)
            if depth == 0 { place = .behindItem }
        case .behindItem:
            if byte == 0x5D { return endList() }
            guard byte == 0x2C else { throw unexpected(byte, "',' or ']'") }
            place = .beforeItem
        }
    }

    private mutating func open(_ byte: UInt8) throws(FormatFlaw) {
        switch byte {
        case 0x7B: (place, isMember, hasList, hasMore) = (.beforeName, true, false, false)
        case 0x5B: (place, isMember, hasList) = (.beforeItem, false, true)
        default: throw unexpected(byte, "'{' or '['")
        }
    }

    private mutating func beginName(_ byte: UInt8) throws(FormatFlaw) {
        if byte == 0x7D { return try endDocument() }
        guard byte == 0x22 else { throw unexpected(byte, "a name") }
        name.removeAll(keepingCapacity: true)
        (place, isInString) = (.inName, true)
    }

    private mutating func beginValue(_ byte: UInt8) throws(FormatFlaw) {
        if name.contains(0x5C) { throw FormatFlaw("has an escape in a name, line \(line)") }
        let isTaken = form == .putRequest || name.elementsEqual("Items".utf8)
        if byte == 0x5B, isTaken {
            (place, hasList) = (.beforeItem, true)
            return try checkTable()
        }
        let isMark =
            name.elementsEqual("LastEvaluatedKey".utf8) || name.elementsEqual("NextToken".utf8)
        if isMark, byte != 0x6E { hasMore = true }
        (place, depth) = (.inValue, 0)
        nest(byte)
        guard depth >= 0 else { throw unexpected(byte, "a value") }
    }

    /// All requests must be of one table: they go into one.
    private mutating func checkTable() throws(FormatFlaw) {
        guard form == .putRequest else { return }
        guard let table, table != name else {
            table = name
            return
        }
        throw FormatFlaw(
            "has requests for several tables: \(String(decoding: table, as: UTF8.self)) and"
                + " \(String(decoding: name, as: UTF8.self))",
            hint: "give each table a file of its own")
    }

    private mutating func stepInValue(_ byte: UInt8) throws(FormatFlaw) {
        if depth == 0, byte == 0x2C || byte == 0x7D {
            return try endMember(byte)
        }
        nest(byte)
        if depth == 0, byte == 0x7D || byte == 0x5D { place = .behindValue }
    }

    private mutating func endMember(_ byte: UInt8) throws(FormatFlaw) {
        switch byte {
        case 0x2C: place = .beforeName
        case 0x7D: try endDocument()
        default: throw unexpected(byte, "',' or '}'")
        }
    }

    /// One without a list is something else: it must not count as read.
    private mutating func endDocument() throws(FormatFlaw) {
        place = .outside
        guard !hasList else { return }
        throw FormatFlaw(
            form == .putRequest
                ? "has no requests: the document that ends in line \(line) is something else"
                : "has no Items: the document that ends in line \(line) is something else")
    }

    private mutating func endList() { place = isMember ? .behindValue : .outside }

    private mutating func nest(_ byte: UInt8) {
        switch byte {
        case 0x22: isInString = true
        case 0x7B, 0x5B: depth += 1
        case 0x7D, 0x5D: depth -= 1
        default: break
        }
    }

    private mutating func stepInString(_ byte: UInt8) throws(FormatFlaw) {
        if byte < 0x20 {
            throw FormatFlaw("has a line break or control character in a text, line \(line)")
        }
        if isEscaped {
            isEscaped = false
        } else if byte == 0x5C {
            isEscaped = true
        } else if byte == 0x22 {
            isInString = false
            if place == .inName { place = .behindName }
            return
        }
        if place == .inName, name.count < Self.nameMax { name.append(byte) }
    }

    private func unexpected(_ byte: UInt8, _ wanted: String) -> FormatFlaw {
        let found =
            (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return FormatFlaw("is no such JSON: line \(line) has \(found) where \(wanted) should be")
    }
}
