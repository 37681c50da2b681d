import Arguments
import CommandLine
import Connectors
import Flow
import JSON
import Jobs
import Pacing
import Transfer

/// What is asked about jobs, and of them, from outside.
package struct JobsCommand: Sendable {
    let console: Console
    let environment: [String: String]

    package init(console: Console, environment: [String: String]) {
        self.console = console
        self.environment = environment
    }

    func folder(_ asked: String?) throws(CommandFailure) -> JobFolder {
        try JobFolder(asked, environment: environment)
    }

    /// Runs `body`, and says an error of a job's as any other.
    private func attempt<Value>(
        _ body: () throws(JobError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(JobError) {
            return try body()
        } catch {
            throw CommandFailure(error.message, hints: error.hint.map { [$0] } ?? [])
        }
    }

    // MARK: Looking

    package func list(_ arguments: JobsArguments) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        let views = views(in: folder).filter { $0.isRunning || !arguments.running }
        if arguments.json {
            for view in views { console.show(view.json.text) }
        } else if views.isEmpty {
            let what = arguments.running ? "no process runs a job" : "there are no jobs"
            console.note("\(what) in \(folder.path)")
        } else {
            let list = JobList(
                now: MonotonicTime().secondsSinceEpoch, width: console.outputWidth)
            console.show(list.lines(views).joined(separator: "\n"))
        }
        return .success
    }

    /// The jobs that can be read, the oldest first; says which can't.
    func views(in folder: JobFolder) -> [JobView] {
        var views: [JobView] = []
        for id in folder.ids {
            do {
                views.append(try folder.view(id))
            } catch {
                console.note("job \(id): \(error.message)")
            }
        }
        let now = MonotonicTime().secondsSinceEpoch
        return views.map { $0.asOf(now) }.sorted { $0.record.created < $1.record.created }
    }

    /// Call it before any thread is started, for the signals' sake.
    package func status(
        _ arguments: JobStatusArguments, _ control: ProcessControl
    ) throws -> ExitCode {
        console.setStyle(ConsoleStyle(colour: arguments.colour))
        let folder = try folder(arguments.stateFolder)
        let view = try attempt { () throws(JobError) in try folder.view(arguments.id) }
        guard arguments.watch else {
            show(view, arguments)
            return .success
        }
        let watch = JobWatch(console: console, showsJSON: arguments.json) {
            try attempt { () throws(JobError) in try folder.view(arguments.id) }
        }
        show(try watch.run(view, control), arguments)
        return .success
    }

    package func report(_ arguments: JobReportArguments) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        let view = try attempt { () throws(JobError) in try folder.view(arguments.id) }
        console.show(JobReport(view: view).text(arguments.format))
        return .success
    }

    private func show(_ view: JobView, _ arguments: JobStatusArguments) {
        let now = MonotonicTime().secondsSinceEpoch
        let view = view.asOf(now)
        let lines = JobText.lines(view, now: now)
        console.show(arguments.json ? view.json.text : lines.joined(separator: "\n"))
    }

    // MARK: Steering

    package func pause(_ arguments: JobVerbArguments<PauseVerb>) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        try send(.pause, to: arguments.id, in: folder)
        console.show("job \(arguments.id) is paused")
        return .success
    }

    package func resume(_ arguments: JobVerbArguments<ResumeVerb>) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        let view = try attempt { () throws(JobError) in try folder.view(arguments.id) }
        guard view.isRunning else {
            guard !view.record.state.isOver else {
                throw CommandFailure(
                    "job \(view.id) is finished",
                    hints: ["dynaferry jobs report \(view.id) shows what it did"])
            }
            console.show(view.record.command)
            throw CommandFailure(
                "no process runs job \(view.id)", hints: ["the command above resumes it"])
        }
        try send(.resume, to: arguments.id, in: folder)
        console.show("job \(arguments.id) is resumed")
        return .success
    }

    package func stop(_ arguments: JobVerbArguments<StopVerb>) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        try send(.stop, to: arguments.id, in: folder)
        console.show("job \(arguments.id) is stopping")
        return .success
    }

    package func throttle(_ arguments: JobThrottleArguments) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        let view = try attempt { () throws(JobError) in try folder.view(arguments.id) }
        if view.isRunning {
            try send(.throttle(arguments.throttle), to: arguments.id, in: folder)
        } else {
            guard !view.record.state.isOver else {
                throw CommandFailure(
                    "job \(view.id) is finished",
                    hints: ["dynaferry jobs report \(view.id) shows what it did"])
            }
            try attempt { () throws(JobError) in
                try folder.withIdleJob(arguments.id) { file throws(JobError) in
                    try file.addThrottle(arguments.throttle)
                }
            }
        }
        let limits = arguments.throttle.description ?? ""
        let when = view.isRunning ? "from now on" : "from its next run on"
        console.show("job \(arguments.id): \(limits), \(when)")
        return .success
    }

    private func send(
        _ command: JobCommand, to id: String, in folder: JobFolder
    ) throws(CommandFailure) {
        let view = try attempt { () throws(JobError) in try folder.view(id) }
        guard view.isRunning else {
            throw CommandFailure(
                "no process runs job \(id)",
                hints: view.record.state.isOver
                    ? ["it is finished"] : ["to resume it: \(view.record.command)"])
        }
        try attempt { () throws(JobError) in try folder.send(command, to: id) }
    }

    package func remove(_ arguments: JobVerbArguments<RemoveVerb>) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        try attempt { () throws(JobError) in
            guard folder.has(arguments.id) else {
                throw JobError(
                    "there is no job \(arguments.id) in \(folder.path)",
                    hint: "dynaferry jobs lists all jobs")
            }
            guard let lock = try folder.lock(arguments.id) else {
                throw JobError(
                    "job \(arguments.id) is being run",
                    hint: "dynaferry jobs stop \(arguments.id)")
            }
            defer { withExtendedLifetime(lock) {} }
            // Units that this job does not set back are paid for until someone notices. A job that
            // can't be read is removed: nothing else could be done with it.
            let view: JobView?
            do throws(JobError) {
                view = try folder.view(arguments.id)
            } catch {
                guard error.isDamage || error.isNewer else { throw error }
                view = nil
                console.note(
                    "\(error.message); if the job had raised a target's write units, they stay so")
            }
            if let raised = view?.tables.first(where: { $0.boost != nil }), let view {
                throw JobError(
                    "job \(arguments.id) has raised the write units of \(raised.target) and not yet"
                        + " set them back to \(raised.boost?.table.writeUnits ?? 0)",
                    hint: "this does: \(view.record.command)")
            }
            try folder.remove(arguments.id)
        }
        console.show("job \(arguments.id) is removed")
        return .success
    }

    // MARK: Retrying

    /// Call it before any thread is started, for the signals' sake. The program of the job's
    /// `--on-finish` runs at the end.
    /// - Parameter retry: does it, with the arguments of the job's own command.
    package func retry(
        _ arguments: JobVerbArguments<RetryVerb>, _ control: ProcessControl,
        _ retry: (CopyArguments, JobFolder, String) throws -> DeadLetterRetry.Findings
    ) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        let view = try attempt { () throws(JobError) in try folder.view(arguments.id) }
        guard view.deadLetters > 0 else {
            console.show("job \(view.id) has no dead letters")
            return .success
        }
        guard case .copy(let copy) = try Invocation(parsing: view.record.words) else {
            throw CommandFailure(
                "job \(view.id) is a \(view.record.kind.noun): dead letters of others are not"
                    + " retried", hints: ["to try them again: \(view.record.command)"])
        }
        let hook = FinishHook(copy.onFinish, console: console)
        control.watchSignals(Signals.ending) { [console] _ in
            if hook.kill() { return }
            console.note("stopped: dead letters that were not tried again are still in the job")
            hook.runInterrupted(control, job: view.id)
        }
        do {
            let findings = try retry(copy, folder, arguments.id)
            console.show(findings.description)
            let hasLeft = findings.refused + findings.passedOver > 0
            let outcome = hasLeft ? CopySummary.Outcome.deadLetters : .complete
            hook.run(outcome, job: view.id)
            return outcome.exitCode
        } catch {
            hook.run(.failed, job: view.id)
            throw error
        }
    }
}

extension FinishHook {
    fileprivate func run(_ outcome: CopySummary.Outcome, job: String) {
        run(Facts(outcome: outcome.rawValue, exitCode: outcome.exitCode, job: job))
    }
}
