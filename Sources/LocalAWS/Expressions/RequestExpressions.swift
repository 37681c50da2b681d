import DynamoModel
import JSON

/// The expressions of one request, with the names and values that stand in them (API reference,
/// PutItem: ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues).
///
/// A request without any of these costs a look for each.
struct RequestExpressions {
    enum Kind: String {
        case condition = "ConditionExpression"
        case filter = "FilterExpression"
        case keyCondition = "KeyConditionExpression"
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
        if let names { try define(names: names) }
        if let values, !valued.isEmpty { try define(values: values, &encoder) }
    }

    private static let names = "ExpressionAttributeNames"
    private static let values = "ExpressionAttributeValues"

    private mutating func define(names bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        let members = try Self.members(of: bytes)
        // A name of the wrong type is reported before a misspelt alias.
        for (_, value) in members {
            var reader = WireReader(value)
            _ = try reader.string()
        }
        try Self.check(members, of: Self.names, sign: "#")
        for (alias, value) in members {
            var reader = WireReader(value)
            let name = try reader.string().bytes
            guard name.count <= ServiceLimits.attributeNameBytesMax else {
                throw .validation(
                    "\(Self.names) contains invalid value: Attribute name is too large, must be "
                        + "less than 65536 bytes for key \(alias)")
            }
            aliases.define(alias, name: name)
        }
    }

    private mutating func define(
        values bytes: UnsafeRawBufferPointer, _ encoder: inout ItemEncoder
    ) throws(ServiceError) {
        let members = try Self.members(of: bytes)
        try Self.check(members, of: Self.values, sign: ":")
        for (alias, value) in members {
            do throws(ServiceError) {
                try encoder.check(value: value)
                aliases.define(alias, value: try AttributeValue(wire: value))
            } catch {
                guard error.namespace == .validation, let message = error.message else {
                    throw error
                }
                throw .validation(
                    "ExpressionAttributeValues contains invalid value: \(message) for key "
                        + alias)
            }
        }
    }

    private typealias Member = (alias: String, value: UnsafeRawBufferPointer)

    private static func members(
        of bytes: UnsafeRawBufferPointer
    ) throws(ServiceError) -> [Member] {
        var members: [Member] = []
        var reader = WireReader(bytes)
        try reader.members { (reader, alias) throws(ServiceError) in
            members.append((alias.text, try reader.skipValue()))
        }
        return members
    }

    /// Reports the first misspelt alias, in the order of their names.
    private static func check(
        _ members: [Member], of member: String, sign: Unicode.Scalar
    ) throws(ServiceError) {
        guard !members.isEmpty else { throw .validation("\(member) must not be empty") }
        var misspelt: String?
        for (alias, _) in members where !isLegal(alias, sign) {
            if misspelt.map({ alias < $0 }) ?? true { misspelt = alias }
        }
        if let misspelt {
            throw .validation(
                "\(member) contains invalid key: Syntax error; key: \"\(misspelt)\"")
        }
    }

    /// Whether it is the sign and then letters, digits or underscores.
    private static func isLegal(_ alias: String, _ sign: Unicode.Scalar) -> Bool {
        var isFirst = true
        for byte in alias.utf8 {
            switch byte {
            case UInt8(ascii: sign) where isFirst: isFirst = false
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F:
                guard !isFirst else { return false }
            default: return false
            }
        }
        return alias.utf8.count > 1
    }

    // MARK: Expressions

    /// The condition or filter of the request; nil when it has none.
    mutating func condition(_ kind: Kind) throws(ServiceError) -> ItemCondition? {
        try condition(written: kind).map(ItemCondition.init)
    }

    /// The key condition of the request as it is written; nil when it has none.
    mutating func keyCondition() throws(ServiceError) -> Condition? {
        try condition(written: .keyCondition)
    }

    private mutating func condition(written kind: Kind) throws(ServiceError) -> Condition? {
        try read(kind) { (text, aliases) throws(ExpressionError) in
            let condition = try Condition(parsing: text, aliases: &aliases)
            try Self.checkLevels(of: condition.paths)
            return condition
        }
    }

    /// The projection of the request; nil when it has none.
    mutating func projection() throws(ServiceError) -> ItemProjection? {
        try read(.projection) { (text, aliases) throws(ExpressionError) in
            let projection = try Projection(parsing: text, aliases: &aliases)
            try Self.checkLevels(of: projection.paths)
            return ItemProjection(projection)
        }
    }

    /// The update of the request; nil when it has none.
    mutating func update() throws(ServiceError) -> Update? {
        try read(.update) { (text, aliases) throws(ExpressionError) in
            let update = try Update(parsing: text, aliases: &aliases)
            try Self.checkLevels(of: update.paths)
            return update
        }
    }

    /// A path leads no deeper than items nest (guide, "Quotas").
    private static func checkLevels(of paths: [DocumentPath]) throws(ExpressionError) {
        for path in paths where path.steps.count + 1 > ServiceLimits.nestingMax {
            throw ExpressionError(
                "The document path has too many nesting elements; nesting levels: "
                    + "\(path.steps.count + 1)")
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
        guard request[Self.names] != nil || request[Self.values] != nil else { return }
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
