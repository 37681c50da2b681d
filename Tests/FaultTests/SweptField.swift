import AWS
import DynamoDB
import JSON
import LocalAWS

/// What is done to a field.
enum Spoiling: CaseIterable, CustomStringConvertible {
    case absurd(Absurdity)
    /// The most that the field may be. Not of consumed units: those are waited for, as asked.
    case greatest

    static let allCases = Absurdity.allCases.map(Spoiling.absurd) + [.greatest]

    var description: String {
        switch self {
        case .absurd(let absurdity): absurdity.rawValue
        case .greatest: "greatest"
        }
    }

    /// Whether it may read as a field that is not there.
    var mayHide: Bool {
        switch self {
        case .absurd(.null), .absurd(.missing), .absurd(.empty): true
        default: false
        }
    }
}

/// A field of the reply to an operation, as its ``ReplyShape`` declares it.
struct SweptField: CustomStringConvertible {
    let operation: AWS.Operation
    /// `["Table", "KeySchema", "AttributeName"]`; `*` is any name.
    let path: [String]
    let field: ReplyField

    var description: String { "\(operation.name) \(path.joined(separator: "."))" }

    /// All there are.
    static let all: [SweptField] = AWS.Operation.all.flatMap { operation in
        fields(of: operation.reply.fields, below: []).map {
            SweptField(operation: operation, path: $0.path, field: $0.field)
        }
    }

    private static func fields(
        of fields: [ReplyField], below path: [String]
    ) -> [(path: [String], field: ReplyField)] {
        fields.flatMap { field in
            let here = path + [field.name]
            return [(here, field)] + below(field.value, here)
        }
    }

    private static func below(
        _ value: ReplyValue, _ path: [String]
    ) -> [(path: [String], field: ReplyField)] {
        switch value {
        case .object(let fields): Self.fields(of: fields, below: path)
        case .list(let element): below(element, path)
        case .map(let value): below(value, path + ["*"])
        case .text, .anyText, .word, .flag, .whole, .number, .item, .opaque: []
        }
    }

    /// The reply with this field spoilt. What stands above it is made up where the reply
    /// does not have it.
    func spoil(_ reply: JSON, _ spoiling: Spoiling) -> JSON {
        Self.spoil(reply, operation.reply.fields, path[...], spoiling)
    }

    private static func spoil(
        _ object: JSON, _ fields: [ReplyField], _ path: ArraySlice<String>, _ spoiling: Spoiling
    ) -> JSON {
        guard let name = path.first, let field = fields.first(where: { $0.name == name }),
            var members = object.members
        else { return object }
        let value = object[name] ?? sample(field.value)
        members.removeAll { $0.name == name }
        let rest = path.dropFirst()
        switch spoiling {
        case _ where !rest.isEmpty:
            members.append(.init(name, spoil(value, field.value, rest, spoiling)))
        case .absurd(.missing): break
        case .absurd(.duplicate):
            members.append(.init(name, Absurdity.duplicate.value(instead: value)))
            members.append(.init(name, value))
        case .greatest: members.append(.init(name, greatest(field.value) ?? value))
        case .absurd(let absurdity):
            members.append(.init(name, absurdity.value(instead: value)))
        }
        return .object(members)
    }

    private static func spoil(
        _ json: JSON, _ shape: ReplyValue, _ path: ArraySlice<String>, _ spoiling: Spoiling
    ) -> JSON {
        switch (shape, json) {
        case (.object(let fields), _): return spoil(json, fields, path, spoiling)
        case (.list(let element), .array(let elements)):
            let first = spoil(elements.first ?? sample(element), element, path, spoiling)
            return .array([first] + elements.dropFirst())
        case (.map(let value), .object(let members)):
            let first = members.first ?? .init("name", sample(value))
            let changed = JSON.Member(
                first.name, spoil(first.value, value, path.dropFirst(), spoiling))
            return .object([changed] + members.dropFirst())
        default: return json
        }
    }

    private static func greatest(_ value: ReplyValue) -> JSON? {
        switch value {
        case .whole(let range): JSON(range.upperBound)
        case .text(let most): .string(String(repeating: "x", count: most))
        default: nil
        }
    }

    /// A value that a field may have.
    private static func sample(_ value: ReplyValue) -> JSON {
        switch value {
        case .text, .anyText: "sample"
        case .word(let words): .string(words.first ?? "")
        case .flag: false
        case .whole(let range): JSON(max(range.lowerBound, min(1, range.upperBound)))
        case .number: 1
        case .list(let element): .array([sample(element)])
        case .object(let fields):
            .object(fields.map { JSON.Member($0.name, sample($0.value)) })
        case .map(let value): .object([.init("name", sample(value))])
        case .item, .opaque: .object([])
        }
    }
}
