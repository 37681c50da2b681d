import System

/// The reply of a service that speaks XML, as far as it is wanted: texts of elements that occur
/// once and hold no others. What is no XML, or has a document type, yields nothing.
struct XMLReply {
    private let root: XMLTree?

    init(_ bytes: [UInt8]) {
        root = try? XMLTree(parsing: bytes)
    }

    /// Whether the outermost element has this name.
    func isNamed(_ name: String) -> Bool { root?.name == name }

    /// The text of the one element of this name.
    func text(of name: String) -> String? { root?.text(ofAny: name) }
}
