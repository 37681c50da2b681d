import DynamoModel
import JSON

/// Checks key schemas against the attributes that are defined, with the service's texts.
struct KeySchemaCheck {
    /// Names of the attributes that are defined, in the order of the request.
    let attributes: [String]

    init(attributes: [String]) { self.attributes = attributes }

    /// - Parameter definitions: an `AttributeDefinitions` (API reference).
    init(_ definitions: [JSON]) throws(ServiceError) {
        var attributes: [String] = []
        for (place, definition) in definitions.enumerated() {
            let path = "attributeDefinitions.\(place + 1).member"
            let name = try Self.name(definition["AttributeName"], at: "\(path).attributeName")
            let type = definition["AttributeType"]?.string
            guard let type, ScalarType(rawValue: type) != nil else {
                throw .constraint(
                    type, at: "\(path).attributeType",
                    "Member must satisfy enum value set: [B, N, S]")
            }
            guard !attributes.contains(name) else {
                throw .invalid(
                    "Duplicate AttributeName in AttributeDefinitions: \(name)")
            }
            attributes.append(name)
        }
        self.attributes = attributes
    }

    static func name(_ json: JSON?, at path: String) throws(ServiceError) -> String {
        guard let name = json?.string else {
            throw .constraint(nil, at: path, "Member must not be null")
        }
        guard (1...ServiceLimits.keyNameBytesMax).contains(name.utf8.count) else {
            let rule =
                name.isEmpty
                ? "greater than or equal to 1" : "less than or equal to 255"
            throw .constraint(name, at: path, "Member must have length \(rule)")
        }
        return name
    }

    /// - Parameter rolesMax: elements of one role: one in tables and local indexes.
    func keys(
        _ json: JSON?, at path: String, rolesMax: Int
    ) throws(ServiceError) -> [KeyElement] {
        guard let elements = json?.array else {
            throw .constraint(nil, at: path, "Member must not be null")
        }
        guard !elements.isEmpty else {
            throw .constraint("[]", at: path, "Member must have length greater than or equal to 1")
        }
        guard elements.count <= 2 * rolesMax else {
            throw .constraint(
                "[\(elements.count) elements]", at: path,
                "Member must have length less than or equal to \(2 * rolesMax)")
        }
        var keys: [KeyElement] = []
        for (place, element) in elements.enumerated() {
            let member = "\(path).\(place + 1).member"
            let name = try Self.name(element["AttributeName"], at: "\(member).attributeName")
            let type = element["KeyType"]?.string
            guard let role = type.flatMap(KeyElement.Role.init) else {
                throw .constraint(
                    type, at: "\(member).keyType",
                    "Member must satisfy enum value set: [HASH, RANGE]")
            }
            keys.append(KeyElement(attribute: name, role: role))
        }
        try check(keys, rolesMax: rolesMax)
        return keys
    }

    private func check(_ keys: [KeyElement], rolesMax: Int) throws(ServiceError) {
        guard keys.allSatisfy({ attributes.contains($0.attribute) }) else {
            let names = keys.map(\.attribute).joined(separator: ", ")
            throw .invalid(
                "Some index key attributes are not defined in AttributeDefinitions. Keys: "
                    + "[\(names)], AttributeDefinitions: [\(attributes.joined(separator: ", "))]")
        }
        guard Set(keys.map(\.attribute)).count == keys.count else {
            throw .validation(
                "Both the Hash Key and the Range Key element in the KeySchema have the same name")
        }
        guard keys[0].role == .partition else {
            throw .validation(
                "Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        }
        let partitions = keys.prefix { $0.role == .partition }.count
        let sorts = keys.count - partitions
        let isOrdered = keys.dropFirst(partitions).allSatisfy { $0.role == .sort }
        guard isOrdered, partitions <= rolesMax, sorts <= rolesMax else {
            throw .validation(
                "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        }
    }
}
