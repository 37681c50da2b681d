/// What becomes of items on the way.
package protocol ItemChanging: Sendable {
    /// The attributes that it looks at or changes, and of each what it does; nil: all of them.
    var names: [NamedAttribute]? { get }
    /// It hides what an item holds: values must not appear in messages, files or reports then.
    var hidesValues: Bool { get }
    /// Attributes that become others, or are taken out.
    var changedAttributes: [[UInt8]] { get }
    /// Attributes of the key that must not be shown as they came; nil: all of them.
    var hiddenAttributes: [[UInt8]]? { get }
    /// What it names, as its user wrote it: each of them is expected in some item.
    var places: [String] { get }

    /// What becomes of a key that comes without the rest of its item.
    /// - Parameter names: of the key attributes.
    func ofKeys(_ names: [[UInt8]]) -> any ItemChanging

    /// An attribute that is none of the key's, and that a key attribute is computed of; nil: there
    /// is none.
    func attributeRead(settingKeys names: [[UInt8]]) -> [UInt8]?

    /// Whether an item has one of ``places``.
    /// - Parameters:
    ///   - item: those of its attributes that are read.
    ///   - names: of all of its attributes that are named.
    func isMet(_ place: Int, in item: Item, named names: Set<[UInt8]>) -> Bool

    /// What the changed attributes become.
    /// - Parameter keys: the key attributes of what it becomes.
    /// - Returns: all of the attributes that were read or changed, as far as they are left.
    /// - Throws: ``ValueFailure``
    func applied(to item: Item, keys: [[UInt8]]) throws(ValueFailure) -> Item
}

/// An attribute that changes name.
package struct NamedAttribute: Sendable {
    let name: [UInt8]
    /// It becomes another one, or is taken out.
    let isChanged: Bool
    /// Its value has a part in what becomes of the item.
    let isRead: Bool
}
