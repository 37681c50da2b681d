import Arguments

/// What a command may do to its own process, as arguments, so that tests can stand in for it.
package struct ProcessControl: Sendable {
    /// Hands over each of these signals; see ``Signals``.
    package let watchSignals: @Sendable ([Int32], @escaping @Sendable (Int32) -> Void) -> Void
    /// Has a signal that is watched end the process, or stop it until it is continued.
    package let takeEffect: @Sendable (Int32) -> Void
    /// Ends the process at once; for those who can't wait.
    package let leave: @Sendable (ExitCode) -> Never
    /// What the process has used so far.
    package let usage: @Sendable () -> ProcessUsage

    package init(
        watchSignals: @escaping @Sendable ([Int32], @escaping @Sendable (Int32) -> Void) -> Void,
        takeEffect: @escaping @Sendable (Int32) -> Void,
        leave: @escaping @Sendable (ExitCode) -> Never,
        usage: @escaping @Sendable () -> ProcessUsage
    ) {
        self.watchSignals = watchSignals
        self.takeEffect = takeEffect
        self.leave = leave
        self.usage = usage
    }
}
