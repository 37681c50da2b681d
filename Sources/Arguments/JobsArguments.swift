import CommandLine
import Status
import Transfer

/// What `dynaferry jobs` was asked to do: list them.
package struct JobsArguments: CommandArguments, Equatable {
    package var stateFolder: String?
    package var json = false
    /// Only jobs that a process runs.
    package var running = false

    package init() {}

    package static let name = "jobs"
    package static let summary = "List jobs, or do something to one."

    package static let about = [
        """
        Every copy is a job. Its state is kept in a folder, so that the same command resumes where \
        an interrupted one stopped, and so that other processes can look at it and steer it. \
        Looking never disturbs a job.
        """,
        """
        Without a verb, lists all jobs: their state, how far they are, how fast, and how long ago \
        they were last updated. On a narrow terminal some columns are left out; --json has all.
        """,
    ]

    package static var operands: [Operand<Self>] { [] }

    package static var options: [Option<Self>] {
        [
            Option(
                flag: "--running", \.running, in: .output,
                "Only jobs that a process runs, paused ones included."),
            Option(flag: "--json", \.json, in: .output, "One JSON object a line, for programs."),
            .stateFolder(\.stateFolder),
        ]
    }

    package static let examples = [
        Note("dynaferry jobs", "All jobs:"),
        Note("dynaferry jobs --running", "Those at work:"),
        Note("dynaferry jobs status transactions-7f3a --watch", "One, until it ends:"),
        Note(
            "dynaferry jobs throttle transactions-7f3a --write-units 200",
            "Slow a running one down:"),
    ]

    package static let exitCodes: [Note] = JobExitCodes.all
    package static let environment = JobEnvironment.notes

    package func validate() throws(UsageError) {}
}

/// What the commands about jobs have in common.
package enum JobExitCodes {
    package static let all: [Note] = [
        Note(.success, "Done."),
        Note(.failure, "Failed, or there is no such job; the last lines say why."),
        Note(.usage, "Wrong usage; nothing was touched."),
    ]
}

package enum JobEnvironment {
    package static let notes = [
        Note("XDG_STATE_HOME", "Where jobs are kept, in a folder dynaferry.")
    ]
}

/// What `dynaferry jobs status` was asked to show.
package struct JobStatusArguments: CommandArguments, Equatable {
    package var id = ""
    package var stateFolder: String?
    package var json = false
    package var watch = false
    package var colour = ColourChoice.auto

    package init() {}

    package static let name = "jobs status"
    package static let summary = "Show where a job stands."
    package static let about = [
        """
        Shows how far a job is, how fast, what holds it back, its dead letters and the command \
        that it was started by. A running job saves its progress a few times a second; what is \
        shown is what was saved last.
        """,
        """
        With --watch it fills the terminal: all tables, the time left, and how fast it was in the \
        last minutes. q or Ctrl-C closes it; the job continues. Without a terminal it prints a \
        line a second, or with --json an object.
        """,
    ]

    package static var operands: [Operand<Self>] { [Operand("ID", .jobID, \.id, "The job.")] }

    package static var options: [Option<Self>] {
        [
            Option(
                flag: "--watch", \.watch, in: .output,
                "Show it again each second until its process has ended."),
            Option(flag: "--json", \.json, in: .output, "A JSON object, for programs."),
            .colour(\.colour),
            .stateFolder(\.stateFolder),
        ]
    }

    package static let examples = [
        Note("dynaferry jobs status transactions-7f3a", "Once:"),
        Note("dynaferry jobs status transactions-7f3a --json", "For a program:"),
    ]

    package static let exitCodes: [Note] = JobExitCodes.all
    package static let environment = JobEnvironment.notes

    package func validate() throws(UsageError) {}
}

/// What `dynaferry jobs throttle` was asked to set.
package struct JobThrottleArguments: CommandArguments, Equatable {
    package var id = ""
    package var stateFolder: String?
    package var throttle = RequestedLimits()

    package init() {}

    package static let name = "jobs throttle"
    package static let summary = "Change a job's limits, while it runs or for its next run."
    package static let about = [
        """
        Takes effect within a second in the process that runs the job. The last limits set hold \
        when the job is resumed, whatever its command says. What is not named stays as it is.
        """
    ]

    package static var operands: [Operand<Self>] { [Operand("ID", .jobID, \.id, "The job.")] }

    package static var options: [Option<Self>] {
        [
            Option(
                "--write-units", .units, \.throttle.writeUnits, in: .pace, default: "as it is",
                "Write at most N units a second, or N% of what the target has."),
            Option(
                "--read-units", .units, \.throttle.readUnits, in: .pace, default: "as it is",
                "Read at most N units a second, or N% of what the source has."),
            Option(
                "--target-read-units", .units, \.throttle.targetReadUnits, in: .pace,
                default: "as it is",
                "Read a target that is compared at most at N units a second, or N% of what it has."
            ),
            Option(
                "--total-write-units", .totalUnits, \.throttle.totalWriteUnits, in: .pace,
                default: "as it is", "Write at most N units a second to all tables together."),
            Option(
                "--total-read-units", .totalUnits, \.throttle.totalReadUnits, in: .pace,
                default: "as it is", "Read at most N units a second from all tables together."),
            Option(
                "--write-concurrency", .integer(1...10_000), \.throttle.writesMax, in: .pace,
                default: "as it is", "Have at most N writes in flight."),
            .stateFolder(\.stateFolder),
        ]
    }

    package static let examples = [
        Note("dynaferry jobs throttle transactions-7f3a --write-units 200", "Slow it down:"),
        Note("dynaferry jobs throttle transactions-7f3a --write-units 100%", "Use all there is:"),
    ]

    package static let exitCodes: [Note] = JobExitCodes.all
    package static let environment = JobEnvironment.notes

    package func validate() throws(UsageError) {
        guard throttle.isEmpty else { return }
        throw UsageError(
            "there is no limit to set",
            hints: [
                "name --write-units, --read-units, --target-read-units, --total-write-units,"
                    + " --total-read-units or --write-concurrency"
            ])
    }
}
