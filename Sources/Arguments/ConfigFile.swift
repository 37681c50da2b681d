import CommandLine
import JSON
import Schema
import System
import Transfer

/// How a file of options is read; `-` is standard input.
package typealias ConfigReader = (_ path: String) throws(UsageError) -> [UInt8]

/// A file of options: JSON in which people may comment.
///
/// ```
/// {
///     "source": {"region": "us-east-1"}, "target": {"region": "eu-west-1"},
///     "write-units": 500,
///     "tables": [
///         {"source": "stage-orders", "target": "orders-dev", "write-units": 200},
///         "lookup-*",  // under the same names
///     ],
/// }
/// ```
package struct ConfigFile {
    /// One entry of `tables`, and what it says of them.
    package struct Table {
        package var source: Location
        package var target: Location
        package var settings: [OptionSetting]
        package let origin: ConfigOrigin
    }

    /// What is said of the whole.
    private(set) var settings: [OptionSetting] = []
    private(set) var tables: [Table] = []
    private let text: ConfigText
    private let keys: ConfigKeys

    private static let tablesHint =
        #"such as {"tables": ["orders", {"source": "a", "target": "b"}]}"#

    /// Larger than this is no file that a person writes; in bytes.
    private static let bytesMax = 4 << 20

    /// - Parameter command: whose options it gives, as in `copy`.
    package init(_ bytes: [UInt8], path: String, command: String) throws(UsageError) {
        text = ConfigText(path: path == "-" ? "stdin" : path, bytes: bytes)
        keys = ConfigKeys(of: command)
        let document = try text.document()
        guard case .object(let members) = document.content else {
            throw text.origin("the file", document).unexpected(
                "an object, { ... }", hints: [Self.tablesHint])
        }
        for member in members { try read(member) }
        try checkOnce(settings)
    }

    /// The file's bytes, or those of standard input.
    package static func read(_ path: String) throws(UsageError) -> [UInt8] {
        do {
            return path == "-"
                ? try WholeFile.bytes(of: 0, called: "stdin", bytesMax: bytesMax)
                : try WholeFile.bytes(ofFileAt: path, bytesMax: bytesMax)
        } catch {
            throw UsageError(error.description, hints: ["--config names a file of options"])
        }
    }

    // MARK: Parts

    private mutating func read(_ member: LocatedJSON.Member) throws(UsageError) {
        switch (member.name, member.value.content) {
        case ("source", .object(let members)), ("target", .object(let members)):
            for option in members {
                settings += try settings(of: option, in: .side(member.name))
            }
        case ("source", _), ("target", _):
            throw text.origin(member).unexpected(
                "an object of the \(member.name)'s options",
                hints: ["tables are listed under tables"])
        case ("tables", .array(let elements)):
            guard tables.isEmpty, !elements.isEmpty else {
                throw text.origin(member).error(
                    "one list of at least one table is expected", hints: [Self.tablesHint])
            }
            for element in elements { try append(try table(element)) }
        case ("tables", .number): settings += try settings(of: member, in: .top)
        case ("tables", _):
            throw text.origin(member).unexpected(
                "a list of tables, or how many are copied at a time", hints: [Self.tablesHint])
        default: settings += try settings(of: member, in: .top)
        }
    }

    private func table(_ element: LocatedJSON) throws(UsageError) -> Table {
        switch element.content {
        case .string:
            let table = try reference("tables", element)
            return Table(
                source: table, target: table, settings: [],
                origin: text.origin("tables", element))
        case .object(let members):
            var references: [String: Location] = [:]
            var settings: [OptionSetting] = []
            for member in members {
                guard member.name == "source" || member.name == "target" else {
                    settings += try self.settings(of: member, in: .table)
                    continue
                }
                guard references[member.name] == nil else {
                    throw text.origin(member).error(
                        "is given twice", hints: ["leave one of them out"])
                }
                references[member.name] = try reference(member.name, member.value)
            }
            try checkOnce(settings)
            let origin = text.origin("tables", element)
            guard let source = references["source"] else {
                throw origin.error(
                    "an entry names its source", hints: [#"{"source": "a", "target": "b"}"#])
            }
            let target = references["target"] ?? source
            return Table(source: source, target: target, settings: settings, origin: origin)
        default:
            throw text.origin("tables", element).unexpected(
                "a table's name, a pattern, or an object with source and target",
                hints: [Self.tablesHint])
        }
    }

    private func reference(
        _ key: String, _ value: LocatedJSON
    ) throws(UsageError) -> Location {
        let kind = ValueKind<Location>.location
        guard case .string(let name) = value.content, let table = kind.parse(name) else {
            throw text.origin(key, value).unexpected(
                kind.expected, hints: [Self.tablesHint])
        }
        return table
    }

    /// An entry whose tables are all named by an earlier one is refused: it would do nothing.
    private mutating func append(_ table: Table) throws(UsageError) {
        guard table.target.isFiles || table.source.stars == table.target.stars else {
            throw table.origin.error(
                "\(table.source.text) has \(table.source.stars.counted("star")), but"
                    + " \(table.target.text) has \(table.target.stars)",
                hints: ["what each star of source matches replaces one of target"])
        }
        let name = table.source.text
        for earlier in tables {
            let isTaken =
                earlier.source == table.source
                || NamePattern(earlier.source.text).match(name) != nil
            guard isTaken else { continue }
            throw table.origin.error(
                "\(name) is taken by the entry on line \(earlier.origin.line), which matches it",
                hints: ["the first entry that matches a table holds: put this one before it"])
        }
        tables.append(table)
    }

    // MARK: Options

    private func settings(
        of member: LocatedJSON.Member, in part: ConfigKeys.Part
    ) throws(UsageError) -> [OptionSetting] {
        switch try keys.meaning(of: text.origin(member), in: part) {
        case .otherCommands: return []
        case .option(let option, let name):
            return try settings(option, name, member.name, member.value)
        }
    }

    private func settings(
        _ option: OptionDescription, _ name: String, _ key: String, _ value: LocatedJSON
    ) throws(UsageError) -> [OptionSetting] {
        func setting(_ setting: OptionSetting.Value) -> [OptionSetting] {
            [OptionSetting(name: name, value: setting, origin: text.origin(key, value))]
        }
        let takesValue = option.value != nil
        let isSwitch = if case .value = option.syntax { false } else { true }
        switch value.content {
        case .bool(let isOn) where isSwitch: return setting(isOn ? .bare : .off)
        case .number(let text) where takesValue, .string(let text) where takesValue:
            return setting(.text(text))
        case .array(let elements) where option.repeats:
            var single = option
            single.repeats = false
            var settings: [OptionSetting] = []
            for element in elements {
                settings += try self.settings(single, name, key, element)
            }
            return settings
        case .object(let members) where option.repeats && option.takesPairs:
            return try members.map { member throws(UsageError) in
                guard case .string(let other) = member.value.content else {
                    throw text.origin(key, member.value).unexpected(
                        "a text beside each name", hints: [#""\#(key)": {"NAME": "VALUE"}"#])
                }
                let pair = "\(member.name)=\(other)"
                return OptionSetting(
                    name: name, value: .text(pair), origin: text.origin(key, member, found: pair))
            }
        default:
            let list = option.repeats ? ", or a list of such" : ""
            throw text.origin(key, value).unexpected(
                option.expectedInFile + list, hints: ["it is the option \(name)"])
        }
    }

    /// An option that does not add up is given once, be it at the top or in a side's object.
    private func checkOnce(_ settings: [OptionSetting]) throws(UsageError) {
        var lines: [String: Int] = [:]
        for setting in settings {
            guard let origin = setting.origin, !keys.repeats(setting.name) else { continue }
            if let line = lines.updateValue(origin.line, forKey: setting.name) {
                throw origin.error(
                    "is given twice, first on line \(line)", hints: ["leave one of them out"])
            }
        }
    }
}
