import AWS
import JSON

/// A table that can be read: what source and target have in common.
package protocol ReadableTable: Sendable {
    /// Its name, or its ARN.
    var name: String { get }
    var reader: ReadOnlyClient { get }
    /// nil where Application Auto Scaling can't be asked.
    var scalingReader: ScalingReader? { get }
}

extension ReadableTable {
    /// Work with the table begins: see ``Client/faultsPass()``.
    package func begin() {
        reader.faultsPass()
        scalingReader?.faultsPass()
    }
}

/// A table that is copied from. It has reading operations only.
package struct SourceTable: ReadableTable {
    package let name: String
    package let reader: ReadOnlyClient
    package let scalingReader: ScalingReader?

    package init(name: String, reader: ReadOnlyClient, scaling: ScalingReader? = nil) {
        self.name = name
        self.reader = reader
        scalingReader = scaling
    }
}

/// A table that is copied to.
package struct TargetTable: ReadableTable {
    package let name: String
    let client: Client
    let scaling: Client?

    /// - Parameter scaling: reaches Application Auto Scaling.
    package init(name: String, client: Client, scaling: Client? = nil) {
        self.name = name
        self.client = client
        self.scaling = scaling
    }

    package var reader: ReadOnlyClient { ReadOnlyClient(client) }
    package var scalingReader: ScalingReader? { scaling.map(ScalingReader.init) }
}
