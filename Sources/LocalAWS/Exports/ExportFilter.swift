import DynamoModel
import JSON

/// A `FilterSpecification` of an export: which items are in it, and which of their attributes
/// (guide, "Filtering table exports").
struct ExportFilter: Sendable {
    private let range: KeyRange?
    private let condition: ItemCondition?
    private let projection: ItemProjection?

    /// - Parameter specification: the member's bytes.
    init(
        _ specification: UnsafeRawBufferPointer, of layout: TableLayout,
        _ scratch: RequestScratch
    ) throws(ServiceError) {
        let request = try Parameters(specification)
        guard !request.names.isEmpty else {
            throw .invalidRequest(
                "Invalid FilterSpecification: The specification can not be empty")
        }
        var expressions = try RequestExpressions(
            request, [.filter, .keyCondition, .projection], &scratch.encoder)
        let target = ReadTarget(layout)
        let keys = try expressions.keyCondition()
        condition = try expressions.condition(.filter)
        projection = try expressions.projection()
        try expressions.checkAllUsed()
        try condition?.check(against: layout)
        try projection?.check(against: layout)
        guard let keys else {
            range = nil
            return
        }
        try condition?.checkLeavesKey(of: target)
        range = try KeySelection(Self.conditions(keys), of: target).range
    }

    private static func conditions(_ keys: Condition) throws(ServiceError) -> [KeyCondition] {
        do throws(ExpressionError) { return try keys.keyConditions() } catch {
            throw .validation(error.description)
        }
    }

    /// Whether an item is in the export.
    ///
    /// - Parameters:
    ///   - key: in the store's spelling.
    ///   - item: in JSON as stored.
    func holds(for item: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Bool {
        range?.contains(key) ?? true && condition?.holds(for: item) ?? true
    }

    /// What is to be exported of an item, in JSON; nil for all of it.
    func part(of item: UnsafeRawBufferPointer) -> [UInt8]? { projection?.bytes(of: item) }
}
