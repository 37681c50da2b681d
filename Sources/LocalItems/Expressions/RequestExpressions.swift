import DynamoModel
import Expressions
import JSON

/// The expressions of one request, with the names and values that stand in them (API reference,
/// PutItem: ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues).
///
/// A request without any of these costs a look for each.
struct RequestExpressions {
    enum Kind: String {
        case condition = "ConditionExpression"
        case filter = "FilterExpression"
        case projection = "ProjectionExpression"
        case update = "UpdateExpression"

        /// Whether values may stand in it.
        var takesValues: Bool { self != .projection }
    }

    private let request: Parameters
    private var aliases = ExpressionAliases()

    /// - Parameters:
    ///   - kinds: those that the operation takes.
    ///   - encoder: checks the values.
    init(
        _ request: Parameters, _ kinds: [Kind], _ encoder: inout ItemEncoder
    ) throws(ServiceError) {
        self.request = request
        let names = request[Self.names]
        let values = request[Self.values]
        guard names != nil || values != nil else { return }
        guard names == nil || kinds.contains(where: { request[$0.rawValue] != nil }) else {
            throw .validation(
                "ExpressionAttributeNames can only be specified when using expressions")
        }
        let valued = kinds.filter(\.takesValues)
        guard
            values == nil || valued.isEmpty
                || valued.contains(where: { request[$0.rawValue] != nil })
        else {
            let missing = valued.map(\.rawValue).joined(separator: " and ")
            throw .validation(
                "ExpressionAttributeValues can only be specified when using expressions: "
                    + "\(missing) \(valued.count > 1 ? "are" : "is") null")
        }
        aliases = ExpressionAliases(
            names: try Self.read(names: names),
            values: try Self.read(values: valued.isEmpty ? nil : values, &encoder))
    }

    private static let names = "ExpressionAttributeNames"
    private static let values = "ExpressionAttributeValues"

    private static func read(
        names bytes: UnsafeRawBufferPointer?
    ) throws(ServiceError) -> [(alias: String, name: String)] {
        guard let bytes else { return [] }
        var names: [(alias: String, name: String)] = []
        var reader = WireReader(bytes)
        try reader.members { (reader, alias) throws(ServiceError) in
            names.append((alias.text, try reader.string().text))
        }
        try check(aliases: names.map(\.alias), of: Self.names, sign: "#")
        return names
    }

    private static func read(
        values bytes: UnsafeRawBufferPointer?, _ encoder: inout ItemEncoder
    ) throws(ServiceError) -> [(alias: String, value: AttributeValue)] {
        guard let bytes else { return [] }
        var members: [(alias: String, value: UnsafeRawBufferPointer)] = []
        var reader = WireReader(bytes)
        try reader.members { (reader, alias) throws(ServiceError) in
            members.append((alias.text, try reader.skipValue()))
        }
        try check(aliases: members.map(\.alias), of: Self.values, sign: ":")
        var values: [(alias: String, value: AttributeValue)] = []
        for (alias, value) in members {
            do throws(ServiceError) {
                try encoder.check(value: value)
                values.append((alias, try AttributeValue(wire: value)))
            } catch {
                guard error.namespace == .validation, let message = error.message else {
                    throw error
                }
                throw .validation(
                    "ExpressionAttributeValues contains invalid value: \(message) for key "
                        + alias)
            }
        }
        return values
    }

    private static func check(
        aliases: [String], of member: String, sign: Character
    ) throws(ServiceError) {
        guard !aliases.isEmpty else { throw .validation("\(member) must not be empty") }
        if let alias = ExpressionAliases.misspelt(in: aliases, sign: sign) {
            throw .validation("\(member) contains invalid key: Syntax error; key: \"\(alias)\"")
        }
    }

    // MARK: Expressions

    /// The condition or filter of the request; nil when it has none.
    mutating func condition(_ kind: Kind) throws(ServiceError) -> ItemCondition? {
        try read(kind) { (text, aliases) throws(ExpressionError) in
            ItemCondition(try Condition(parsing: text, aliases: &aliases))
        }
    }

    /// The projection of the request; nil when it has none.
    mutating func projection() throws(ServiceError) -> ItemProjection? {
        try read(.projection) { (text, aliases) throws(ExpressionError) in
            ItemProjection(try Projection(parsing: text, aliases: &aliases))
        }
    }

    /// The update of the request; nil when it has none.
    mutating func update() throws(ServiceError) -> Update? {
        try read(.update) { (text, aliases) throws(ExpressionError) in
            try Update(parsing: text, aliases: &aliases)
        }
    }

    private mutating func read<Expression>(
        _ kind: Kind,
        _ parse: (String, inout ExpressionAliases) throws(ExpressionError) -> Expression
    ) throws(ServiceError) -> Expression? {
        guard let text = try request.string(kind.rawValue) else { return nil }
        do throws(ExpressionError) { return try parse(text, &aliases) } catch {
            throw .validation("Invalid \(kind.rawValue): \(error)")
        }
    }

    /// To be called when all expressions have been read.
    func checkAllUsed() throws(ServiceError) {
        for (member, unused) in [
            (Self.names, aliases.unusedNames), (Self.values, aliases.unusedValues),
        ] where !unused.isEmpty {
            throw .validation(
                "Value provided in \(member) unused in expressions: keys: "
                    + "{\(unused.joined(separator: ", "))}")
        }
    }
}

extension AttributeValue {
    /// Reads a value that the encoder has checked.
    fileprivate init(wire bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        do { self = try AttributeValue(try JSON(parsing: bytes)) } catch {
            throw .serialization(nil)
        }
    }
}
