import CommandLine
import Transfer

/// A command that does one thing to one job.
package protocol JobVerb: Sendable {
    static var verb: String { get }
    static var summary: String { get }
    static var about: String { get }
    static var example: String { get }
}

/// The arguments of ``JobVerb``s: which job.
package struct JobVerbArguments<Verb: JobVerb>: CommandArguments, Equatable {
    package var id = ""
    package var stateFolder: String?

    package init() {}

    package static var name: String { "jobs \(Verb.verb)" }
    package static var summary: String { Verb.summary }
    package static var about: [String] { [Verb.about] }
    package static var operands: [Operand<Self>] { [Operand("ID", .jobID, \.id, "The job.")] }
    package static var options: [Option<Self>] { [.stateFolder(\.stateFolder)] }

    package static var examples: [Note] {
        [Note("dynaferry jobs \(Verb.verb) transactions-7f3a", Verb.example)]
    }

    package static var exitCodes: [Note] {
        let more: [Note] =
            Verb.self == RetryVerb.self
            ? [
                Note(.differs, "Done, but dead letters are left."),
                Note(.interrupted, "Interrupted. Dead letters that were not tried are left."),
            ] : []
        return JobExitCodes.all + more
    }

    package static var environment: [Note] { JobEnvironment.notes }

    package func validate() throws(UsageError) {}
}

package enum PauseVerb: JobVerb {
    package static let verb = "pause"
    package static let summary = "Hold a running job."
    package static let about = """
        What is in flight comes home, and nothing is asked or written until dynaferry jobs resume. \
        The process stays. A job whose process ends meanwhile can be resumed like any other.
        """
    package static let example = "Leave both tables alone for a while:"
}

package enum ResumeVerb: JobVerb {
    package static let verb = "resume"
    package static let summary = "Let a job that is held go on."
    package static let about = """
        Where the job's process has ended, only its own command resumes it: that is printed, and \
        the exit code is 1.
        """
    package static let example = "Go on after dynaferry jobs pause:"
}

package enum StopVerb: JobVerb {
    package static let verb = "stop"
    package static let summary = "End a running job in order."
    package static let about = """
        As the first SIGINT does: no new scans, what is in flight finishes, and the state is \
        saved. The job's command resumes it.
        """
    package static let example = "At the end of a maintenance window:"
}

package enum RetryVerb: JobVerb {
    package static let verb = "retry"
    package static let summary = "Try a job's dead letters again."
    package static let about = """
        Reads each dead letter's key again from the source, consistently, and writes what stands \
        there now. What the source no longer has is dropped and counted; what is refused again \
        stays a dead letter, with the new reason. The tables are reached as the job's own command \
        says, and its --on-finish runs at the end.
        """
    package static let example = "After the cause has been fixed:"
}

package enum RemoveVerb: JobVerb {
    package static let verb = "remove"
    package static let summary = "Forget a job that no process runs."
    package static let about = """
        Deletes the job's state, its dead letters included. A job that was not finished can't be \
        resumed afterwards. The tables are not touched.
        """
    package static let example = "Forget an old one:"
}
