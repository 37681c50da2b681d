import CExpat

/// Why a document is none that is read: libexpat's own words, or the limit that it goes beyond. No
/// part of the document is quoted.
package struct XMLDefect: Error, Equatable, Sendable, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }
}

extension XMLTree {
    /// Of the libexpat that the program runs with.
    package static var libraryVersion: String {
        let version = XML_ExpatVersionInfo()
        return "\(version.major).\(version.minor).\(version.micro)"
    }

    /// Longer documents are refused.
    package static let bytesMax = 16 << 20
    /// How deep elements may stand in each other.
    package static let depthMax = 32
    /// How many elements a document may have.
    package static let elementsMax = 200_000

    /// Reads a whole document in UTF-8, whatever it says of its encoding, or in UTF-16 with its
    /// byte order mark, and gives its outermost element.
    ///
    /// A document type, and with it every entity but XML's own five and numbered characters, is
    /// refused, so that nothing grows and nothing is fetched. The corresponding C function is
    /// `XML_Parse`.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(XMLDefect) {
        guard bytes.count <= Self.bytesMax else {
            throw XMLDefect(
                reason: "the XML document is longer than \(Self.bytesMax.counted("byte"))")
        }
        let tree = TreeBuilder()
        try ExpatParser(tree).parse(bytes)
        guard let root = tree.root else { throw XMLDefect(reason: "the XML document is empty") }
        self = root
    }

    package init(parsing bytes: [UInt8]) throws(XMLDefect) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(XMLDefect) in try XMLTree(parsing: bytes) }
        }
        self = try result.get()
    }
}

/// Takes libexpat's events and puts elements into each other. Belongs to one parse.
private final class TreeBuilder {
    private(set) var root: XMLTree?
    /// Elements that have begun, the innermost last, and the bytes of their text so far.
    private var open: [(element: XMLTree, text: [UInt8])] = []
    private var count = 0
    /// Why the parse has to stop.
    private(set) var defect: String?

    /// False when the parse has to stop.
    func begin(_ name: String) -> Bool {
        count += 1
        guard open.count < XMLTree.depthMax else { return stop("is nested too deeply") }
        guard count <= XMLTree.elementsMax else { return stop("has too many elements") }
        let local = name.lastIndex(of: ":").map { name[name.index(after: $0)...] } ?? name[...]
        open.append((XMLTree(name: String(local)), []))
        return true
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += bytes
    }

    func end() {
        guard let last = open.popLast() else { return }
        var element = last.element
        // libexpat has checked that it is UTF-8.
        element.text = String(decoding: last.text, as: UTF8.self)
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].element.elements.append(element)
        }
    }

    func refuseType() { _ = stop("has a document type") }

    private func stop(_ reason: String) -> Bool {
        defect = "the XML document \(reason)"
        return false
    }
}

/// One parse by libexpat. The corresponding C functions are `XML_ParserCreate` and `XML_Set...`.
private final class ExpatParser {
    private let parser: OpaquePointer
    private let tree: TreeBuilder

    init(_ tree: TreeBuilder) throws(XMLDefect) {
        guard let parser = XML_ParserCreate("UTF-8") else {
            throw XMLDefect(reason: "no memory for an XML parser")
        }
        self.parser = parser
        self.tree = tree
        // The handlers get the parser itself, to stop it, and find the tree by it.
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(parser, beginElement, endElement)
        XML_SetCharacterDataHandler(parser, addText)
        XML_SetStartDoctypeDeclHandler(parser, refuseType)
    }

    deinit { XML_ParserFree(parser) }

    func parse(_ bytes: UnsafeRawBufferPointer) throws(XMLDefect) {
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let status = XML_Parse(parser, start, Int32(bytes.count), 1)
        if let defect = tree.defect { throw XMLDefect(reason: defect) }
        guard status == XML_STATUS_OK else {
            let words = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
            throw XMLDefect(reason: "no XML: \(words ?? "unknown error")")
        }
    }

    func begin(_ name: String) {
        if !tree.begin(name) { XML_StopParser(parser, 0) }
    }

    func add(_ bytes: UnsafeRawBufferPointer) { tree.add(bytes) }
    func end() { tree.end() }

    func refuse() {
        tree.refuseType()
        XML_StopParser(parser, 0)
    }

    static func of(_ context: UnsafeMutableRawPointer) -> ExpatParser {
        Unmanaged<ExpatParser>.fromOpaque(context).takeUnretainedValue()
    }
}

private func beginElement(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?,
    _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) {
    guard let context, let name else { return }
    ExpatParser.of(context).begin(String(cString: name))
}

private func endElement(_ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?) {
    guard let context else { return }
    ExpatParser.of(context).end()
}

private func addText(
    _ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?, _ count: Int32
) {
    guard let context else { return }
    ExpatParser.of(context).add(UnsafeRawBufferPointer(start: text, count: Int(count)))
}

private func refuseType(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<CChar>?,
    _ systemID: UnsafePointer<CChar>?, _ publicID: UnsafePointer<CChar>?, _ hasSubset: Int32
) {
    guard let context else { return }
    ExpatParser.of(context).refuse()
}
