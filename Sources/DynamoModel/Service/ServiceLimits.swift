/// The limits of the service that a copier meets, each named once.
///
/// From the developer guide's pages "Quotas" and "Constraints" and the API reference of
/// BatchWriteItem, BatchGetItem and Scan, unless noted.
package enum ServiceLimits {
    /// Largest item as stored: names and values, in bytes.
    package static let itemBytesMax = 400 * 1024
    /// Puts and deletes in one BatchWriteItem, over all tables.
    package static let batchItemsMax = 25
    /// Keys in one BatchGetItem, over all tables.
    package static let batchGetKeysMax = 100
    /// Body of one request on the wire, in bytes; beyond it the service answers 413.
    package static let requestBytesMax = 16 * 1024 * 1024
    /// A Scan page stops when it has read this much stored data, in bytes.
    package static let pageBytesMax = 1024 * 1024
    /// Largest `TotalSegments` of a Scan.
    package static let segmentsMax = 1_000_000
    /// Stored bytes that one write unit covers.
    package static let writeUnitBytes = 1024
    /// Stored bytes that one read unit covers.
    package static let readUnitBytes = 4096
    /// Deepest nesting of lists and maps in an item.
    package static let nestingMax = 32
    /// Significant digits of a number, and the range of the power of ten of its first digit.
    package static let numberDigitsMax = 38
    package static let numberExponents = -130...125
    /// Key values, in bytes.
    package static let partitionKeyBytesMax = 2048
    package static let sortKeyBytesMax = 1024
    /// Attribute names, in bytes; names of key attributes have a limit of their own.
    package static let attributeNameBytesMax = 65535
    package static let keyNameBytesMax = 255
    /// One partition's units a second (guide, "Designing partition keys").
    package static let partitionWriteUnits = 1000
    package static let partitionReadUnits = 3000
    /// Bytes that one holds at most (guide, "Designing partition keys").
    package static let partitionBytes = 10_000_000_000
    /// What a new on-demand table takes at once, in units a second (guide, "On-demand capacity").
    package static let onDemandWriteUnits = 4000
    package static let onDemandReadUnits = 12000
    /// To so many units a second a table or an index on demand grows, reads and writes each, unless
    /// the account's quota is another (guide, "Quotas").
    package static let onDemandUnitsMax = 40_000
    /// In so many seconds it grows to twice its former peak (guide, "On-demand capacity").
    package static let onDemandDoublingSeconds = 1_800
    /// Bytes that storage is charged for each item besides its own (guide, "Item sizes").
    package static let itemOverheadBytes = 100
    /// An expression's text, the names and values that it refers to together, and its operators and
    /// functions (guide, "Quotas", "Expression parameters").
    package static let expressionBytesMax = 4096
    package static let expressionValuesBytesMax = 2 * 1024 * 1024
    package static let expressionOperatorsMax = 300
    /// Most bytes of JSON that one stored byte becomes in a reply. The worst measured case is an
    /// item of one-letter attributes holding empty strings, 13 bytes of JSON (`"a":{"S":""},`) for
    /// one stored byte; lists of empty strings come to 9 (`{"S":""},`).
    package static let replyBytesPerStoredByteMax = 15
}
