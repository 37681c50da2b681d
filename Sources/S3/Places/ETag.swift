/// Which version of an object it is, as the server names it, quotes included. Of a single put
/// without KMS it is the MD5 of the bytes; of all others it means nothing.
package struct ETag: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package var description: String { text }

    /// Nil for what can't be one, or stand in a header line.
    package init?(_ text: some StringProtocol) {
        guard (1...1_024).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = String(text)
    }

    /// Without quotes and the mark of a weak one: `d41d8cd98f00b204e9800998ecf8427e`.
    package var bare: String {
        let strong = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
        return strong.filter { $0 != "\"" }
    }

    package static func == (left: ETag, right: ETag) -> Bool { left.bare == right.bare }

    package func hash(into hasher: inout Hasher) { hasher.combine(bare) }
}
