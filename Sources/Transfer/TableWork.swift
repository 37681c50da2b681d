import Flow

/// What moves the items of one table of a job. Any thread may call its methods.
protocol TableWork: Sendable {
    /// Those that it begins with, and in words.
    var limits: UnitLimits { get }
    var limitsText: String { get }

    /// Where it stands.
    var progress: FlowProgress { get }

    /// Moves the items; returns when all are safe, or it stopped or failed.
    func run() async -> (outcome: FlowOutcome, progress: FlowProgress)

    /// Asks for an orderly end.
    func stop()

    /// Holds it once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool)

    /// What has these limits hold from now on, once it is called.
    /// - Throws: for a percentage of nothing.
    func limiting(by asked: AskedLimits) throws(CopyRefusal) -> () -> Void
}
