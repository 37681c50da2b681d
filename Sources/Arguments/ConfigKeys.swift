import CommandLine
import System

/// The keys that a file of options may have: the options' names, less their dashes.
///
/// One file may serve several commands, so the options of the others are keys too.
package struct ConfigKeys {
    /// What a key stands for.
    package enum Meaning {
        case option(OptionDescription, name: String)
        /// It is nothing to this command.
        case otherCommands
    }

    /// The parts of a file.
    package enum Part: Equatable {
        case top
        /// The object `source` or `target`.
        case side(String)
        /// An entry of `tables`.
        case table
    }

    private let options: [OptionDescription]
    private let others: [OptionDescription]

    package init(of command: String) {
        let all = ProgramDescription.dynaferry.commands.filter { command in
            command.options.contains { $0.names.contains("--config") }
        }
        options = all.filter { $0.name == command }.flatMap(\.options)
        others = all.filter { $0.name != command }.flatMap(\.options)
    }

    /// - Throws: for a key that has no place there.
    package func meaning(of origin: ConfigOrigin, in part: Part) throws(UsageError) -> Meaning {
        let key = origin.key
        let prefix = if case .side(let side) = part { side + "-" } else { "" }
        let name = "--\(prefix)\(key)"
        func named(_ name: String, _ options: [OptionDescription]) -> OptionDescription? {
            options.first { $0.names.contains(name) && !$0.isHidden }
        }
        guard let option = named(name, options) ?? named(name, others) else {
            // An option of something else than the side stands elsewhere.
            if part != .top, named("--\(key)", options + others) != nil {
                throw origin.error(
                    "is no option of one side", hints: ["put it at the top of the file"])
            }
            throw unknown(origin, in: part)
        }
        switch option.filePlace {
        case .nowhere:
            throw origin.error(
                "is for the command line only", hints: ["a file would ask for it each time"])
        case .top where part == .table:
            throw origin.error(
                "holds for all tables, not for some", hints: ["put it at the top of the file"])
        case .top, .table: break
        }
        return named(name, options).map { .option($0, name: name) } ?? .otherCommands
    }

    /// Whether each mention of an option adds a value.
    package func repeats(_ name: String) -> Bool {
        options.contains { $0.names.contains(name) && $0.repeats }
    }

    private func unknown(_ origin: ConfigOrigin, in part: Part) -> UsageError {
        if Self.isCredential(origin.key) {
            return origin.error(
                "keys of an account have no place in this file",
                hints: [
                    "name a profile with source-profile and target-profile, or a file of variables"
                        + " with env-file"
                ])
        }
        let near = nearest(to: origin.key, among: keys(of: part)).map { "did you mean \($0)?" }
        let all = "the keys here are \(keys(of: part).formattedList(joinedBy: "and"))"
        return origin.error("unknown key", hints: [near ?? (part == .top ? helpHint : all)])
    }

    private var helpHint: String { "keys are options without their dashes, see --help" }

    private func keys(of part: Part) -> [String] {
        let open = (options + others).filter { option in
            !option.isHidden && option.filePlace != .nowhere
                && (part != .table || option.filePlace == .table)
        }
        let names = open.flatMap(\.names).map { String($0.dropFirst(2)) }
        let keys =
            switch part {
            case .top: names + ["source", "target"]
            case .table: ["source", "target"] + names
            case .side(let side):
                names.filter { $0.hasPrefix(side + "-") }.map {
                    String($0.dropFirst(side.count + 1))
                }
            }
        // Commands share most of their options.
        return keys.enumerated().filter { !keys[..<$0].contains($1) }.map(\.element)
    }

    /// Whether a key that is no option's is meant for a secret, however it is spelled.
    private static func isCredential(_ key: String) -> Bool {
        let letters = key.lowercased().filter(\.isASCIILetter)
        return ["accesskey", "secret", "token", "credential", "password"].contains {
            letters.contains($0)
        }
    }
}
