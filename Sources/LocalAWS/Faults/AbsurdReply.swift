import JSON
import Pacing
import System

/// Puts a value that is valid JSON, and absurd, into one field of a reply.
///
/// Whatever a reply says may be chosen, but for two things that no client could tell from the
/// truth: another value of an attribute is another item, and what is left undone is not reported
/// as done (no `UnprocessedItems` or `LastEvaluatedKey` vanishes).
enum AbsurdReply {
    /// Rewrites the reply that begins at `start`, if it is JSON.
    static func write(over output: inout ByteStorage, from start: Int, seed: UInt64) {
        let body = UnsafeRawBufferPointer(rebasing: output.bytes[start...])
        guard let json = try? JSON(parsing: body) else { return }
        var generator = SeededGenerator(seed: seed)
        let paths = fields(of: json)
        guard let path = paths.randomElement(using: &generator),
            let kind = Absurdity.allCases.randomElement(using: &generator)
        else { return }
        let changed = replacing(json, path[...], allowed(kind, at: path[...], in: json))
        output.resize(start)
        output.append(array: changed.bytes)
    }

    /// One step down into a value.
    private enum Step {
        case member(Int)
        case element(Int)
    }

    /// Members that hold items or keys, whose attributes are left alone.
    private static let itemMembers: Set<String> = ["Item", "Items", "Attributes", "Responses"]

    /// Members that say what is left to be done.
    private static let unfinishedMembers: Set<String> = [
        "LastEvaluatedKey", "LastEvaluatedTableName", "UnprocessedItems", "UnprocessedKeys",
    ]

    private static func allowed(_ kind: Absurdity, at path: ArraySlice<Step>, in json: JSON)
        -> Absurdity
    {
        let vanishes = [.null, .missing, .empty].contains(kind)
        guard vanishes, case .member(let index)? = path.first, let member = json.members?[index],
            unfinishedMembers.contains(member.name)
        else { return kind }
        return .wrongType
    }

    private static func fields(of json: JSON, below path: [Step] = []) -> [[Step]] {
        switch json {
        case .object(let members):
            return members.enumerated().flatMap { index, member in
                let here = path + [.member(index)]
                if itemMembers.contains(member.name) { return [here] }
                return [here] + fields(of: member.value, below: here)
            }
        case .array(let elements):
            return elements.enumerated().flatMap { index, element in
                let here = path + [.element(index)]
                return [here] + fields(of: element, below: here)
            }
        case .null, .bool, .number, .string: return []
        }
    }

    private static func replacing(
        _ json: JSON, _ path: ArraySlice<Step>, _ kind: Absurdity
    ) -> JSON {
        guard let step = path.first else { return json }
        let rest = path.dropFirst()
        switch (step, json) {
        case (.member(let index), .object(var members)):
            if !rest.isEmpty {
                members[index].value = replacing(members[index].value, rest, kind)
            } else if kind == .missing {
                members.remove(at: index)
            } else if kind == .duplicate {
                members.insert(members[index], at: index)
                members[index].value = kind.value(instead: members[index].value)
            } else {
                members[index].value = kind.value(instead: members[index].value)
            }
            return .object(members)
        case (.element(let index), .array(var elements)):
            if !rest.isEmpty {
                elements[index] = replacing(elements[index], rest, kind)
            } else {
                elements[index] = kind.value(instead: elements[index])
            }
            return .array(elements)
        default: return json
        }
    }
}
