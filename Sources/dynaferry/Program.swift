import Arguments
import CommandLine
import System

/// One run of `dynaferry`: reads the command line, runs the command, says how it ended.
package struct Program: Sendable {
    let console: Console
    let control: ProcessControl

    package init(console: Console, control: ProcessControl) {
        self.console = console
        self.control = control
    }

    /// `words` are those after the program's name. Whose results could not be written has failed.
    package func run(_ words: [String]) -> ExitCode {
        let code = perform(words)
        guard let failure = console.failure else { return code }
        console.fail(failure.description, hints: ["what was to be said there is lost"])
        return code == .usage ? code : .failure
    }

    private func perform(_ words: [String]) -> ExitCode {
        console.setStyle(ConsoleStyle(ofWords: words))
        do {
            return try perform(try Invocation(parsing: words))
        } catch {
            let failure = CommandFailure(telling: error)
            console.fail(failure.message, hints: failure.hints)
            return failure.code
        }
    }

    private func perform(_ invocation: Invocation) throws -> ExitCode {
        if invocation.takesLong, !OwnProgram.hasProc {
            throw CommandFailure(
                "/proc is not mounted, and the program's threads need it",
                hints: ["as root: mount -t proc proc /proc"])
        }
        switch invocation {
        case .overview: console.show(Help(.dynaferry, width: console.outputWidth).overview())
        case .page(let command):
            console.show(Help(.dynaferry, width: console.outputWidth).page(command))
        case .briefOverview:
            console.show(Help(.dynaferry, width: console.outputWidth).briefOverview())
        case .brief(let command):
            console.show(Help(.dynaferry, width: console.outputWidth).brief(command))
        case .version: console.show(Version.line)
        case .versions: console.show(Version.lines.joined(separator: "\n"))
        case .nothing:
            console.note(Help(.dynaferry, width: console.errorSize.columns).briefOverview())
            return .usage
        case .copy(let arguments):
            return try CopyCommand(arguments, console: console).run(control) { arguments, voice in
                try EngineCopy.start(arguments, voice, environment: Self.environment())
            }
        case .plan(let arguments):
            console.setStyle(arguments.copy.style)
            let environment = Self.environment()
            let voice = JobConsole(console: console, log: nil)
            return try PlanCommand(arguments, console: console).run(
                places: { try EnginePlan.places($0, environment: environment) },
                make: { try EnginePlan.make($0, $1, voice, environment: environment) })
        case .verify(let arguments):
            return try VerifyCommand(arguments, console: console).run(control) {
                arguments, voice, emit in
                try EngineVerify.start(
                    arguments, voice, environment: Self.environment(), emit: emit)
            }
        case .jobs(let arguments): return try jobs().list(arguments)
        case .jobStatus(let arguments): return try jobs().status(arguments, control)
        case .jobReport(let arguments): return try jobs().report(arguments)
        case .jobThrottle(let arguments): return try jobs().throttle(arguments)
        case .jobPause(let arguments): return try jobs().pause(arguments)
        case .jobResume(let arguments): return try jobs().resume(arguments)
        case .jobStop(let arguments): return try jobs().stop(arguments)
        case .jobRemove(let arguments): return try jobs().remove(arguments)
        case .jobsPrune(let arguments): return try jobs().prune(arguments)
        case .jobRetry(let arguments):
            let environment = Self.environment()
            return try jobs().retry(arguments, control) {
                try EngineRetry.run($0, folder: $1, id: $2, environment: environment)
            }
        case .whoAmI(let arguments):
            return try WhoAmICommand(
                arguments, console: console, environment: Self.environment()
            ).run()
        case .serve(let arguments):
            return try ServeCommand(arguments, console: console).run(
                control, start: EngineServer.start)
        case .demo(let arguments):
            return try DemoCommand(arguments, console: console).run(control) {
                try EngineComparison.run(endpoint: $0, source: $1, target: $2)
            }
        case .completion(let arguments): console.show(arguments.shell.script)
        case .man: console.show(ManPage(.dynaferry).text)
        }
        return .success
    }

    private func jobs() -> JobsCommand {
        JobsCommand(console: console, environment: Self.environment())
    }

    /// The variables of this process.
    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        for variable in OwnProgram.environment {
            guard let equals = variable.firstIndex(of: "=") else { continue }
            let value = variable[variable.index(after: equals)...]
            variables[String(variable[..<equals])] = String(value)
        }
        return variables
    }
}
