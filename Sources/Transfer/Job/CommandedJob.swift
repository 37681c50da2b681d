import Flow

/// A job that can be asked for something while it runs.
protocol CommandedJob: AnyObject, Sendable {
    var note: @Sendable (String) -> Void { get }

    /// Asks for an orderly end.
    func stop()

    /// Holds the tables that are under way and those to come, or lets them go on.
    func holdTables(_ paused: Bool)

    /// Sets limits from now on.
    /// - Throws: where they can't be set or kept.
    func throttle(_ throttle: AskedLimits) throws(JobError)
}

extension CommandedJob {
    /// Answers `dynaferry jobs` until what it returns is stopped. Without its socket a job runs all
    /// the same, but can't be asked anything.
    func listen(on socketPath: String, id: String, _ store: JobStore) -> JobControl? {
        do {
            return try JobControl(socketPath) { [weak self] command throws(JobError) in
                try self?.perform(command, id, store)
            }
        } catch {
            note("dynaferry jobs can't reach job \(id): \(error.message)")
            return nil
        }
    }

    private func perform(
        _ command: JobCommand, _ id: String, _ store: JobStore
    ) throws(JobError) {
        switch command {
        case .pause:
            try store.setState(.paused)
            holdTables(true)
            note("paused: dynaferry jobs resume \(id) goes on")
        case .resume:
            try store.setState(.running)
            holdTables(false)
            note("going on")
        case .stop:
            note("stopping: asked by dynaferry jobs stop")
            stop()
        case .throttle(let limits): try throttle(limits)
        }
    }
}
