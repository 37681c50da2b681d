import System

/// Writes XML as S3 does: a declaration, then elements without blanks between them.
struct XMLWriter {
    private(set) var bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)

    /// The namespace of S3's replies; its errors have none.
    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    /// An element with what `body` writes inside.
    mutating func element(
        _ name: String, namespace: String? = nil, _ body: (inout XMLWriter) -> Void
    ) {
        raw("<\(name)")
        if let namespace { raw(" xmlns=\"\(namespace)\"") }
        raw(">")
        body(&self)
        raw("</\(name)>")
    }

    /// An element that holds a text.
    mutating func text(_ name: String, _ text: String) {
        element(name) { $0.characters(text) }
    }

    /// An element that holds a time, `2026-11-25T17:20:33.000Z`.
    mutating func time(_ name: String, _ secondsSinceEpoch: Int) {
        text(name, UTCTime(secondsSinceEpoch: secondsSinceEpoch).iso8601.dropLast() + ".000Z")
    }

    /// Bytes as they are: blanks, or what is XML already.
    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Control characters become references, as S3 writes them, although XML 1.0 has no place for
    /// most of them: who lists such keys asks for `encoding-type=url`.
    mutating func characters(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x26: raw("&amp;")
            case 0x3C: raw("&lt;")
            case 0x3E: raw("&gt;")
            case 0x22: raw("&quot;")
            case 0x00..<0x20 where byte != 0x0A && byte != 0x09:
                raw("&#x\(String(byte, radix: 16));")
            default: bytes.append(byte)
            }
        }
    }
}
