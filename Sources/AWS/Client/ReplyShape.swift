import JSON
import System

/// What is read of an operation's reply: each member, what it may be, and what it means when it is
/// something else. What a shape does not name is dropped (`checked(_:)`).
///
/// What a server sends is never a precondition: the tests send every field of every shape each kind
/// of absurd value, so that none is read unchecked.
package struct ReplyShape: Sendable {
    package let fields: [ReplyField]

    package init(_ fields: [ReplyField]) { self.fields = fields }

    /// A reply of which nothing is read.
    package static let empty = ReplyShape([])
}

/// One member of an object.
package struct ReplyField: Sendable {
    /// What it means when the member is not there. `null` is as good as not there.
    package enum Absence: Sendable {
        /// The reply makes no sense without it.
        case refused
        /// As if there were none.
        case taken
        /// AWS's own endpoints always have it, and without it a reply may be one that a proxy has
        /// made up; of others it is taken as if there were none.
        case refusedOfAWS
    }

    /// What it means when the member is there, but not what it may be.
    package enum Absurdity: Sendable {
        /// The reply makes no sense.
        case refused
        /// As if it was not there: it only informs.
        case unknown
    }

    package let name: String
    package let value: ReplyValue
    package let absence: Absence
    package let absurdity: Absurdity

    package static func required(_ name: String, _ value: ReplyValue) -> ReplyField {
        ReplyField(name: name, value: value, absence: .refused, absurdity: .refused)
    }

    package static func optional(_ name: String, _ value: ReplyValue) -> ReplyField {
        ReplyField(name: name, value: value, absence: .taken, absurdity: .refused)
    }

    /// Only informs, but is never missing in a reply of AWS's.
    package static func reported(_ name: String, _ value: ReplyValue) -> ReplyField {
        ReplyField(name: name, value: value, absence: .refusedOfAWS, absurdity: .unknown)
    }

    package static func informing(_ name: String, _ value: ReplyValue) -> ReplyField {
        ReplyField(name: name, value: value, absence: .taken, absurdity: .unknown)
    }
}

/// What a value may be.
package indirect enum ReplyValue: Sendable {
    /// Text of 1 to so many characters.
    case text(max: Int)
    /// Text that may be empty.
    case anyText
    /// One of these words: what another one means is not known.
    case word([String])
    case flag
    case whole(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// Any number of elements.
    case list(ReplyValue)
    case object([ReplyField])
    /// Members whose names are the user's, as indexes' are.
    case map(ReplyValue)
    /// An object in which no name stands twice, kept as it came: an item, a key.
    case item
    /// An object that is carried over as it is.
    case opaque
}

/// Why a reply makes no sense.
struct ReplyDefect: Error, Equatable {
    /// `Table.KeySchema.AttributeName`; empty: the reply itself.
    var path: String
    var reason: String
    /// A member of the reply itself is not there.
    var isMissing = false

    var text: String { path.isEmpty ? reason : "\(path) \(reason)" }
}

extension ReplyShape {
    /// The reply with what is read of it and nothing else. Of members of the same name the last
    /// counts. Throws a ``ReplyDefect`` that names the first field that makes no sense.
    /// - Parameter isCustom: it did not come from AWS.
    func checked(_ reply: JSON, isCustom: Bool = false) throws(ReplyDefect) -> JSON {
        for field in fields where field.absence == .refusedOfAWS && !isCustom {
            guard reply[field.name] != nil else {
                throw ReplyDefect(path: field.name, reason: "is missing", isMissing: true)
            }
        }
        return try ReplyValue.object(fields).checked(reply, at: "")
    }
}

extension ReplyValue {
    fileprivate func checked(_ json: JSON, at path: String) throws(ReplyDefect) -> JSON {
        switch self {
        case .text(let most):
            guard let text = json.string, (1...most).contains(text.count) else {
                throw defect(json, at: path, wanted: "a text of 1 to \(most.counted("character"))")
            }
            return json
        case .anyText:
            guard json.string != nil else { throw defect(json, at: path, wanted: "a text") }
            return json
        case .word(let words):
            guard let text = json.string, words.contains(text) else {
                let wanted = "one of " + words.joined(separator: ", ")
                throw defect(json, at: path, wanted: wanted)
            }
            return json
        case .flag:
            guard json.bool != nil else { throw defect(json, at: path, wanted: "true or false") }
            return json
        case .whole(let range):
            guard let number = json.int(in: range) else {
                let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
                throw defect(json, at: path, wanted: wanted)
            }
            return JSON(number)
        case .number(let range):
            guard json.double(in: range) != nil else {
                let wanted = "a number from \(range.lowerBound) to \(range.upperBound)"
                throw defect(json, at: path, wanted: wanted)
            }
            return json
        case .list(let element):
            guard let elements = json.array else { throw defect(json, at: path, wanted: "a list") }
            return .array(
                try elements.map { json throws(ReplyDefect) in try element.checked(json, at: path) }
            )
        case .object(let fields):
            guard json.members != nil else { throw defect(json, at: path, wanted: "an object") }
            return try Self.object(fields, json, at: path)
        case .map(let value):
            guard let members = json.members else {
                throw defect(json, at: path, wanted: "an object")
            }
            var kept: JSON = .object([])
            for member in members {
                kept[member.name] = try value.checked(member.value, at: path)
            }
            return kept
        case .item:
            guard json.members != nil else { throw defect(json, at: path, wanted: "an object") }
            guard !json.hasNameTwice else {
                throw ReplyDefect(path: path, reason: "has an attribute twice")
            }
            return json
        case .opaque:
            guard json.members != nil else { throw defect(json, at: path, wanted: "an object") }
            return json
        }
    }

    private static func object(
        _ fields: [ReplyField], _ json: JSON, at path: String
    ) throws(ReplyDefect) -> JSON {
        var kept: [JSON.Member] = []
        for field in fields {
            let place = path.isEmpty ? field.name : "\(path).\(field.name)"
            guard let value = json[field.name], value != .null else {
                if field.absence != .refused { continue }
                throw ReplyDefect(path: place, reason: "is missing", isMissing: path.isEmpty)
            }
            do {
                kept.append(.init(field.name, try field.value.checked(value, at: place)))
            } catch {
                if field.absurdity == .refused { throw error }
            }
        }
        return .object(kept)
    }

    /// What stands there is shown short, and only if it is no text: a text may be an item's.
    private func defect(_ json: JSON, at path: String, wanted: String) -> ReplyDefect {
        let found =
            switch json {
            case .null: "null"
            case .bool(let value): "\(value)"
            case .number(let text): String(text.prefix(30))
            case .string(let text): text.isEmpty ? "an empty text" : "a text"
            case .array: "a list"
            case .object: "an object"
            }
        return ReplyDefect(path: path, reason: "is \(found), not \(wanted)")
    }
}

extension JSON {
    /// Whether an object in it, however deep, has two members of the same name.
    var hasNameTwice: Bool {
        switch self {
        case .object(let members):
            Set(members.map(\.name)).count < members.count
                || members.contains { $0.value.hasNameTwice }
        case .array(let elements): elements.contains(where: \.hasNameTwice)
        case .null, .bool, .number, .string: false
        }
    }
}
