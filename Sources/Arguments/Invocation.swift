import CommandLine
import System

/// What a whole command line asks for.
package enum Invocation: Sendable {
    case overview
    /// `-h`: on one screen.
    case briefOverview
    /// `dynaferry` with nothing after it.
    case nothing
    case page(CommandDescription)
    case brief(CommandDescription)
    case version
    case versions(VersionArguments)
    case copy(CopyArguments)
    case plan(PlanArguments)
    case verify(VerifyArguments)
    case whoAmI(WhoAmIArguments)
    case serve(ServeArguments)
    case demo(DemoArguments)
    case completion(CompletionArguments)
    case man(ManArguments)
    case jobs(JobsArguments)
    case jobStatus(JobStatusArguments)
    case jobReport(JobReportArguments)
    case jobThrottle(JobThrottleArguments)
    case jobPause(JobVerbArguments<PauseVerb>)
    case jobResume(JobVerbArguments<ResumeVerb>)
    case jobStop(JobVerbArguments<StopVerb>)
    case jobRetry(JobVerbArguments<RetryVerb>)
    case jobRemove(JobVerbArguments<RemoveVerb>)
    case jobsPrune(JobsPruneArguments)

    /// Reads the words after the program's name.
    /// - Parameter reading: how a file of options is read.
    package init(
        parsing words: [String], reading: ConfigReader = ConfigFile.read
    ) throws(UsageError) {
        guard let first = words.first else {
            self = .nothing
            return
        }
        var rest = Array(words.dropFirst())
        switch first {
        case "-h": self = .briefOverview
        case "--help": self = .overview
        case "--version": self = .version
        case "help":
            guard let word = rest.first else {
                self = .overview
                return
            }
            let words = rest.prefix(2).joined(separator: " ")
            self = .page(try Self.command(words, orElse: word))
        default:
            var command = try Self.command(first)
            // Verbs of a command, as in `jobs status`, are commands of their own.
            if let verb = rest.first, !verb.hasPrefix("-"),
                !ProgramDescription.dynaferry.verbs(of: command).isEmpty
            {
                command = try Self.command("\(first) \(verb)")
                rest.removeFirst()
            }
            // Asked for help, nothing else that is wrong matters.
            let options = rest.prefix { $0 != "--" }
            if options.contains("--help") {
                self = .page(command)
            } else if options.contains("-h") {
                self = .brief(command)
            } else if options.contains("--version") {
                self = .version
            } else {
                self = try Self.parse(command.name, rest, reading)
            }
        }
    }

    private static func command(
        _ words: String, orElse word: String
    ) throws(UsageError) -> CommandDescription {
        if let command = ProgramDescription.dynaferry.commands.first(where: { $0.name == words }) {
            return command
        }
        return try command(word)
    }

    /// What other programs call things.
    private static let meant = [
        "ls": "jobs", "list": "jobs", "ps": "jobs", "cp": "copy", "sync": "copy",
        "diff": "verify", "check": "verify", "version": "--version", "-V": "--version",
        "-v": "--version", "server": "serve",
    ]

    private static func command(_ word: String) throws(UsageError) -> CommandDescription {
        let all = ProgramDescription.dynaferry.commands
        if let command = all.first(where: { $0.name == word }) { return command }
        let kind = word.hasPrefix("-") ? "option" : "command"
        let candidates = all.map(\.name) + ["help", "--help", "--version"]
        let near = (meant[word] ?? nearest(to: word, among: candidates))
            .map { "did you mean \($0)?" }
        // Of a verb that is unknown, the others of its command are what helps.
        let verbs = all.first { word.hasPrefix($0.name + " ") }
            .map(ProgramDescription.dynaferry.verbs)
        let names = (verbs ?? all.filter { !$0.name.contains(" ") }).map(\.name)
        let list = "the commands are \(names.formattedList(joinedBy: "and"))"
        throw UsageError("unknown \(kind) \(word)", hints: [near ?? list])
    }

    private static func parse(
        _ command: String, _ words: [String], _ reading: ConfigReader
    ) throws(UsageError) -> Invocation {
        do {
            switch command {
            case CopyArguments.name:
                var arguments = try CopyArguments(parsing: words, reading: reading)
                arguments.words = [command] + words
                return .copy(arguments)
            case PlanArguments.name:
                return .plan(try PlanArguments(parsing: words, reading: reading))
            case VerifyArguments.name:
                var arguments = try VerifyArguments(parsing: words, reading: reading)
                arguments.copy.words = [command] + words
                return .verify(arguments)
            case JobsArguments.name: return .jobs(try JobsArguments(parsing: words))
            case JobStatusArguments.name:
                return .jobStatus(try JobStatusArguments(parsing: words))
            case JobReportArguments.name:
                return .jobReport(try JobReportArguments(parsing: words))
            case JobThrottleArguments.name:
                return .jobThrottle(try JobThrottleArguments(parsing: words))
            case JobVerbArguments<PauseVerb>.name:
                return .jobPause(try JobVerbArguments(parsing: words))
            case JobVerbArguments<ResumeVerb>.name:
                return .jobResume(try JobVerbArguments(parsing: words))
            case JobVerbArguments<StopVerb>.name:
                return .jobStop(try JobVerbArguments(parsing: words))
            case JobVerbArguments<RetryVerb>.name:
                return .jobRetry(try JobVerbArguments(parsing: words))
            case JobVerbArguments<RemoveVerb>.name:
                return .jobRemove(try JobVerbArguments(parsing: words))
            case JobsPruneArguments.name:
                return .jobsPrune(try JobsPruneArguments(parsing: words))
            case WhoAmIArguments.name: return .whoAmI(try WhoAmIArguments(parsing: words))
            case ServeArguments.name: return .serve(try ServeArguments(parsing: words))
            case DemoArguments.name: return .demo(try DemoArguments(parsing: words))
            case CompletionArguments.name:
                return .completion(try CompletionArguments(parsing: words))
            case VersionArguments.name: return .versions(try VersionArguments(parsing: words))
            case ManArguments.name: return .man(try ManArguments(parsing: words))
            default: preconditionFailure("\(command) is declared but never parsed")
            }
        } catch {
            throw UsageError(
                error.message, hints: error.hints + ["see dynaferry \(command) --help"])
        }
    }
}

extension Invocation {
    /// It calls servers, or is one: it may run for more than a moment.
    package var takesLong: Bool {
        switch self {
        case .copy, .plan, .verify, .jobRetry, .whoAmI, .serve, .demo: true
        case .jobStatus(let arguments): arguments.watch
        case .overview, .briefOverview, .nothing, .page, .brief, .version, .versions, .completion,
            .man, .jobs, .jobReport, .jobThrottle, .jobPause, .jobResume, .jobStop, .jobRemove,
            .jobsPrune:
            false
        }
    }
}
