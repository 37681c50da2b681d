/// An item that the target refused for good.
package struct DeadLetter: Equatable, Sendable {
    package var code: String
    package var reason: String
    /// The item's key as JSON: a table's dead letters have one entry a key.
    package var key: [UInt8]
    /// Its JSON, as the source sent it.
    package var item: [UInt8]

    package init(code: String, reason: String, key: [UInt8], item: [UInt8]) {
        self.code = code
        self.reason = reason
        self.key = key
        self.item = item
    }
}
