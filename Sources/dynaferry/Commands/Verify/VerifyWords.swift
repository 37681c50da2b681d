import Arguments
import CommandLine

extension VerifyArguments {
    /// The words of the command that verifies what a copy by these words has made; nil when they
    /// are of no copy, or what it did can't be repeated. It takes over the options that say which
    /// tables, where they are, and how items are changed.
    package static func words(afterCopy words: [String]) -> [String]? {
        guard words.first == CopyArguments.name,
            let given = try? CopyArguments.given(Array(words.dropFirst())),
            !takesTimeOfJob(given.settings)
        else { return nil }
        let kept = options.map(\.description).filter {
            [.tables, .sides, .files, .changes].contains($0.category)
                || !transforms.isDisjoint(with: $0.names)
        }
        let names = Set(kept.flatMap(\.names))
        let settings = given.settings.filter { names.contains($0.name) }
        var verifying = [name]
        verifying += given.operands
        verifying += settings.flatMap(\.words)
        return verifying
    }

    private static let transforms: Set = ["--where", "--fraction", "--key"]

    /// What `now()` was, a command that comes later does not know.
    private static func takesTimeOfJob(_ settings: [OptionSetting]) -> Bool {
        let takes = settings.contains { setting in
            guard case .text(let text) = setting.value else { return false }
            return ["--where", "--set"].contains(setting.name) && text.contains("now(")
        }
        return takes && !settings.contains { $0.name == "--now" }
    }
}

extension OptionSetting {
    fileprivate var words: [String] {
        if case .text(let text) = value { [name, text] } else { [name] }
    }
}
