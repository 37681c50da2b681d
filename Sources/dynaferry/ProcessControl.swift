import Arguments

/// What a command may do to its own process, as arguments, so that tests can stand in for it.
package struct ProcessControl: Sendable {
    /// Hands over each signal that asks the process to end; see ``Signals``.
    package let watchSignals: @Sendable (@escaping @Sendable (Int32) -> Void) -> Void
    /// Ends the process at once; for those who can't wait.
    package let leave: @Sendable (ExitCode) -> Never
    /// What the process has used so far.
    package let usage: @Sendable () -> ProcessUsage

    package init(
        watchSignals: @escaping @Sendable (@escaping @Sendable (Int32) -> Void) -> Void,
        leave: @escaping @Sendable (ExitCode) -> Never,
        usage: @escaping @Sendable () -> ProcessUsage
    ) {
        self.watchSignals = watchSignals
        self.leave = leave
        self.usage = usage
    }
}
