import Arguments
import CommandLine

extension VerifyArguments {
    /// The words of the command that verifies what a copy by these words has made; nil when they
    /// are of no copy. Only what says which tables and where they are has a part in it.
    package static func words(afterCopy words: [String]) -> [String]? {
        guard words.first == CopyArguments.name,
            let given = try? CopyArguments.given(Array(words.dropFirst()))
        else { return nil }
        let kept = options.map(\.description).filter {
            [.tables, .sides, .files].contains($0.category) || $0.names.contains("--where")
        }
        let names = Set(kept.flatMap(\.names))
        let settings = given.settings.filter { names.contains($0.name) }
        var verifying = [name]
        verifying += given.operands
        verifying += settings.flatMap(\.words)
        return verifying
    }
}

extension OptionSetting {
    fileprivate var words: [String] {
        if case .text(let text) = value { [name, text] } else { [name] }
    }
}
