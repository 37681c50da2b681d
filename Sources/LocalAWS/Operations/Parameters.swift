import JSON
import System

/// The members of a request's body, by name: found in one pass, each read when it is asked for.
///
/// A member of the wrong type is the service's SerializationException; `null` is an absent member.
package struct Parameters {
    private var members: [(name: String, value: UnsafeRawBufferPointer)] = []

    /// - Parameter body: must outlive the parameters.
    init(_ body: UnsafeRawBufferPointer) throws(ServiceError) {
        var reader = WireReader(body)
        try reader.members { (reader, name) throws(ServiceError) in
            if reader.takeNull() { return }
            members.append((name.text, try reader.skipValue()))
        }
        try reader.expectEnd()
    }

    var names: [String] { members.map(\.name) }

    /// A member's bytes.
    package subscript(name: String) -> UnsafeRawBufferPointer? {
        members.last { $0.name == name }?.value
    }

    /// A member as a tree.
    package func json(_ name: String) throws(ServiceError) -> JSON? {
        guard let bytes = self[name] else { return nil }
        do { return try JSON(parsing: bytes) } catch { throw .serialization(nil) }
    }

    package func string(_ name: String) throws(ServiceError) -> String? {
        guard let bytes = self[name] else { return nil }
        var reader = WireReader(bytes)
        return try reader.string().text
    }

    package func bool(_ name: String) throws(ServiceError) -> Bool? {
        guard let bytes = self[name] else { return nil }
        var reader = WireReader(bytes)
        return try reader.takeBool()
    }

    func int(_ name: String) throws(ServiceError) -> Int? {
        guard let value = try json(name) else { return nil }
        guard let number = value.double(in: -1e300...1e300) else {
            var reader = WireReader(self[name]!)
            throw reader.unexpected(wanted: "Integer")
        }
        return value.int(in: .min ... .max) ?? Int(clamping: max(-1e15, min(1e15, number)))
    }

    /// A number of at least `low`, by the model's constraint.
    package func int(_ name: String, from low: Int, to high: Int = .max) throws(ServiceError)
        -> Int?
    {
        guard let number = try int(name) else { return nil }
        guard number >= low else {
            throw .constraint(
                String(number), at: name.lowerFirst,
                "Member must have value greater than or equal to \(low)")
        }
        guard number <= high else {
            throw .constraint(
                String(number), at: name.lowerFirst,
                "Member must have value less than or equal to \(high)")
        }
        return number
    }

    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(ServiceError) -> Choice? where Choice.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .constraint(
                text, at: name.lowerFirst, "Member must satisfy enum value set: [\(all)]")
        }
        return choice
    }

    /// The name or ARN of a table.
    package func tableName(_ member: String = "TableName") throws(ServiceError) -> String {
        guard let name = try string(member) else {
            throw .validation(
                "The parameter '\(member)' is required but was not present in the request")
        }
        try TableName.check(name)
        return name
    }

    /// Throws when the request has a member that this server lacks.
    package func refuse(_ names: String...) throws(ServiceError) {
        for name in names where self[name] != nil { throw .unsupported(name) }
    }
}

extension String {
    /// As the model's constraints spell members: `tableName`.
    package var lowerFirst: String { prefix(1).lowercased() + dropFirst() }
}
