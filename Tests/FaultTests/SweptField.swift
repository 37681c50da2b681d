import AWS
import DynamoDB
import JSON

/// A value that is valid JSON and makes no sense, in place of a field's own.
enum Absurdity: String, CaseIterable {
    case negative, zero, huge, fractional, overflowing, wrongType, null, missing, empty, duplicate
    /// The most that the field may be. Not of consumed units: those are waited for, as asked.
    case greatest

    /// - Parameter value: what stands there otherwise.
    func value(instead value: JSON) -> JSON {
        switch self {
        case .negative: .number("-1")
        case .zero: .number("0")
        case .huge: .number("9223372036854775807")
        case .fractional: .number("0.5")
        case .overflowing: .number("1e400")
        case .wrongType: value.string == nil ? "absurd" : 7
        case .empty:
            switch value {
            case .object: .object([])
            case .array: .array([])
            default: ""
            }
        case .null, .missing, .duplicate, .greatest: .null
        }
    }
}

/// A field of the reply to an operation, as its ``ReplyShape`` declares it.
struct SweptField: CustomStringConvertible {
    let operation: Operation
    /// `["Table", "KeySchema", "AttributeName"]`; `*` is any name.
    let path: [String]
    let field: ReplyField

    var description: String { "\(operation.name) \(path.joined(separator: "."))" }

    /// All there are.
    static let all: [SweptField] = Operation.all.flatMap { operation in
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

    /// The reply with an absurdity in this field. What stands above it is made up where the reply
    /// does not have it.
    func spoil(_ reply: JSON, _ absurdity: Absurdity) -> JSON {
        Self.spoil(reply, operation.reply.fields, path[...], absurdity)
    }

    private static func spoil(
        _ object: JSON, _ fields: [ReplyField], _ path: ArraySlice<String>, _ absurdity: Absurdity
    ) -> JSON {
        guard let name = path.first, let field = fields.first(where: { $0.name == name }),
            var members = object.members
        else { return object }
        let value = object[name] ?? sample(field.value)
        members.removeAll { $0.name == name }
        let rest = path.dropFirst()
        switch absurdity {
        case _ where !rest.isEmpty:
            members.append(.init(name, spoil(value, field.value, rest, absurdity)))
        case .missing: break
        case .duplicate:
            members.append(.init(name, Absurdity.wrongType.value(instead: value)))
            members.append(.init(name, value))
        case .greatest: members.append(.init(name, greatest(field.value) ?? value))
        default: members.append(.init(name, absurdity.value(instead: value)))
        }
        return .object(members)
    }

    private static func spoil(
        _ json: JSON, _ shape: ReplyValue, _ path: ArraySlice<String>, _ absurdity: Absurdity
    ) -> JSON {
        switch (shape, json) {
        case (.object(let fields), _): return spoil(json, fields, path, absurdity)
        case (.list(let element), .array(let elements)):
            let first = spoil(elements.first ?? sample(element), element, path, absurdity)
            return .array([first] + elements.dropFirst())
        case (.map(let value), .object(let members)):
            let first = members.first ?? .init("name", sample(value))
            let changed = JSON.Member(
                first.name, spoil(first.value, value, path.dropFirst(), absurdity))
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
