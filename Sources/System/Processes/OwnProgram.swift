import Glibc

/// What the running program knows of itself.
package enum OwnProgram {
    /// The commit that it was built from, with `-dirty` for a changed tree. `scripts/build.sh`
    /// links it in by name (`scripts/packaging/stamp.sh`); a plain `swift build` does not.
    package static var commit: String { linked("dynaferry_commit") ?? "unknown" }

    /// The day of that commit, `2026-12-01`; nil where the commit is unknown.
    package static var commitDate: String? { linked("dynaferry_commit_date") }

    private static func linked(_ name: String) -> String? {
        dlsym(nil, name).map { String(cString: $0.assumingMemoryBound(to: CChar.self)) }
    }

    // MARK: How it was started

    /// The words of its command line, its own name first. Swift reads them from /proc; where that
    /// is not mounted they are taken from where the kernel put them.
    package static var arguments: [String] {
        let words = CommandLine.arguments
        return words.isEmpty ? wordsAtStart : words
    }

    /// The same without /proc; empty where they are not where the kernel puts them.
    static var wordsAtStart: [String] { Linux.wordsAtStart }

    /// `NAME=VALUE`, each variable of the environment. The corresponding C variable is `environ`;
    /// nothing of ours ever changes it.
    package static var environment: [String] { Linux.environment }

    /// The same, for programs that have no business with credentials: without all whose names have
    /// `AWS_` in them, as `AWS_SECRET_ACCESS_KEY` and `SRC_AWS_SESSION_TOKEN` have.
    package static var environmentWithoutKeys: [String] { withoutKeys(environment) }

    package static func withoutKeys(_ variables: [String]) -> [String] {
        variables.filter { !$0.prefix { $0 != "=" }.uppercased().contains("AWS_") }
    }

    /// Where it can be started again from.
    package static let path = "/proc/self/exe"

    /// Whether /proc is mounted. Dispatch counts its threads there, each second, and ends the
    /// process where it can't: what takes longer must not begin.
    package static var hasProc: Bool { access("/proc/self/task", R_OK | X_OK) == 0 }
}
