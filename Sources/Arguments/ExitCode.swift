/// How the process ends. Scripts depend on these numbers; change none without a major release.
package enum ExitCode: Int32, Sendable, CaseIterable {
    case success = 0
    case failure = 1
    case usage = 2
    case differs = 3
    case interrupted = 130
}
