import AWS
import JSON

/// A table that can be read: what source and target have in common.
package protocol ReadableTable: Sendable {
    /// Its name, or its ARN.
    var name: String { get }
    var reader: ReadOnlyClient { get }
}

/// A table that is copied from. It has reading operations only.
package struct SourceTable: ReadableTable {
    package let name: String
    package let reader: ReadOnlyClient

    package init(name: String, reader: ReadOnlyClient) {
        self.name = name
        self.reader = reader
    }
}

/// A table that is copied to.
package struct TargetTable: ReadableTable {
    package let name: String
    let client: Client

    package init(name: String, client: Client) {
        self.name = name
        self.client = client
    }

    package var reader: ReadOnlyClient { ReadOnlyClient(client) }
}
