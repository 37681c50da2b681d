/// An XML document, or an element of it: its name, its text and the elements in it.
///
/// What services reply in XML is data: attributes, comments and name spaces mean nothing to us and
/// are left out. Made by ``init(parsing:)``.
package struct XMLTree: Equatable, Sendable {
    /// Without a name space's prefix.
    package let name: String
    /// All text that stands in it itself, not in the elements in it, white space included.
    package internal(set) var text = ""
    package internal(set) var elements: [XMLTree] = []

    init(name: String) {
        self.name = name
    }

    /// The elements of this name that stand in it, in their order.
    package func all(_ name: String) -> [XMLTree] {
        elements.filter { $0.name == name }
    }

    /// The text of the one element of this name that stands in it; nil where there is none, there
    /// are several, or elements in it.
    package func text(of name: String) -> String? {
        var found: XMLTree?
        for element in elements where element.name == name {
            if found != nil { return nil }
            found = element
        }
        return found.flatMap { $0.elements.isEmpty ? $0.text : nil }
    }

    /// The same for an element that stands at any depth.
    package func text(ofAny name: String) -> String? {
        var found: [XMLTree] = []
        collect(name, into: &found)
        guard found.count == 1, found[0].elements.isEmpty else { return nil }
        return found[0].text
    }

    private func collect(_ name: String, into found: inout [XMLTree]) {
        for element in elements {
            if element.name == name { found.append(element) }
            element.collect(name, into: &found)
        }
    }
}
