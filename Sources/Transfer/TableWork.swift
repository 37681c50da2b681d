import Engine

/// What moves the items of one table of a job. Any thread may call its methods.
protocol TableWork: Sendable {
    /// Those that it begins with, and in words.
    var limits: UnitLimits { get }
    var limitsText: String { get }

    /// Where it stands.
    var progress: CopyProgress { get }

    /// Moves the items; returns when all are safe, or it stopped or failed.
    func run() async -> (outcome: CopyOutcome, progress: CopyProgress)

    /// Asks for an orderly end.
    func stop()

    /// Holds it once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool)

    /// What the tables' limits would be by these options.
    /// - Throws: for a percentage of nothing.
    func limits(_ options: CopyOptions) throws(CopyRefusal) -> UnitLimits

    /// Sets limits from now on.
    func setLimits(_ limits: UnitLimits, by options: CopyOptions)
}
