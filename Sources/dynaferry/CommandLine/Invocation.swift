/// What a whole command line asks for.
package enum Invocation: Sendable {
    case overview
    /// `dynaferry` with nothing after it.
    case nothing
    case page(CommandDescription)
    case version
    case copy(CopyArguments)
    case serve(ServeArguments)
    case demo(DemoArguments)

    /// Reads the words after the program's name.
    package init(parsing words: [String]) throws(UsageError) {
        guard let first = words.first else {
            self = .nothing
            return
        }
        let rest = Array(words.dropFirst())
        switch first {
        case "-h", "--help": self = .overview
        case "--version": self = .version
        case "help":
            self =
                try rest.first.map { word throws(UsageError) in .page(try Self.command(word)) }
                ?? .overview
        default:
            let command = try Self.command(first)
            // Asked for help, nothing else that is wrong matters.
            let options = rest.prefix { $0 != "--" }
            if options.contains("--help") || options.contains("-h") {
                self = .page(command)
            } else if options.contains("--version") {
                self = .version
            } else {
                self = try Self.parse(command.name, rest)
            }
        }
    }

    private static func command(_ word: String) throws(UsageError) -> CommandDescription {
        let all = CommandDescription.all
        if let command = all.first(where: { $0.name == word }) { return command }
        let kind = word.hasPrefix("-") ? "option" : "command"
        let candidates = all.map(\.name) + ["help", "--help", "--version"]
        let near = nearest(to: word, among: candidates).map { "did you mean \($0)?" }
        let names = all.map(\.name).formattedList(joinedBy: "and")
        throw UsageError("unknown \(kind) \(word)", hints: [near ?? "the commands are \(names)"])
    }

    private static func parse(
        _ command: String, _ words: [String]
    ) throws(UsageError) -> Invocation {
        do {
            switch command {
            case CopyArguments.name:
                var arguments = try CopyArguments(parsing: words)
                arguments.words = [command] + words
                return .copy(arguments)
            case ServeArguments.name: return .serve(try ServeArguments(parsing: words))
            case DemoArguments.name: return .demo(try DemoArguments(parsing: words))
            default: preconditionFailure("\(command) is declared but never parsed")
            }
        } catch {
            throw UsageError(
                error.message, hints: error.hints + ["see dynaferry \(command) --help"])
        }
    }
}
