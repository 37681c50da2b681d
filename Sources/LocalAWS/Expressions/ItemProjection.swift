import DynamoModel

/// A projection, ready for the items of a table as they are stored.
struct ItemProjection {
    private let projection: Projection

    init(_ projection: Projection) { self.projection = projection }

    /// The wanted part of a stored item, in JSON.
    func bytes(of record: Record) -> [UInt8] { bytes(of: record.json) }

    /// - Parameter item: as it is stored.
    func bytes(of item: UnsafeRawBufferPointer) -> [UInt8] {
        do {
            return try projection.bytes(of: item)
        } catch {
            preconditionFailure("a stored item can't be read: \(error)")
        }
    }

    var paths: [DocumentPath] { projection.paths }

    func check(against layout: TableLayout) throws(ServiceError) {
        try layout.checkKeysAreScalars(in: projection.paths)
    }
}
