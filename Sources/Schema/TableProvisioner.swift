import AWS
import DynamoDB
import DynamoModel
import Flow

/// Makes and changes one target: what comes before its items, and what comes after.
///
/// Each step looks before it acts: after a crash in the midst of them it is enough to run them
/// again.
package struct TableProvisioner: Sendable {
    package let target: TargetTable
    package let note: @Sendable (String) -> Void
    /// Asked while something is waited for, which may be long.
    package let isStopping: @Sendable () -> Bool

    package init(
        target: TargetTable, note: @escaping @Sendable (String) -> Void,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        self.target = target
        self.note = note
        self.isStopping = isStopping
    }

    /// It was asked to stop while it waited.
    package struct Stopped: Error {}

    /// Creates the table and waits until it serves data.
    package func create(_ plan: SettingsPlan) async throws -> TableDescription {
        try await target.create(plan.creation, tags: plan.creationTags)
        return try await waitUntilActive()
    }

    package func waitUntilActive() async throws -> TableDescription {
        try await target.waitUntilActive { looks in try await pause(looks) }
    }

    /// Sets one thing after the other, unless it is so already.
    /// - Returns: what the endpoint has no operation for, or does not know. Servers other than
    ///   AWS's lack much: their copies fail by nothing that comes after the items.
    /// - Throws: an ``AWSError`` with what could not be set in ``Failure``, or ``Stopped``.
    package func perform(_ steps: [SettingStep], of table: TableDescription) async throws
        -> [NotCarried]
    {
        var lacking: [NotCarried] = []
        for step in steps {
            do {
                try await perform(step, of: table)
            } catch let error as AWSError {
                guard let reason = reason(toLeave: step, error) else {
                    throw Failure(step: step, error: error)
                }
                lacking.append(NotCarried(step.setting, step.title, reason))
            }
        }
        return lacking
    }

    /// Why a step is left out after an error; nil: it must not be.
    private func reason(toLeave step: SettingStep, _ error: AWSError) -> String? {
        if error.lacksOperation { return "the endpoint has no \(error.operation)" }
        let isRefused = [.split, .giveUp].contains(error.remedy)
        let isDenied = [
            "AccessDeniedException", "AccessDenied", "ResourceNotFoundException",
            "TableNotFoundException", "ResourceInUseException",
        ].contains(error.code)
        if target.reader.endpoint.isCustom, isRefused, !isDenied, error.localCode == nil {
            return "the endpoint refuses \(error.operation): \(error.code)"
        }
        // What was planned for a time that has passed can't be planned again.
        if case .scheduled = step, error.code == "ValidationException" {
            return "the service refuses it: \(error.headline)"
        }
        return nil
    }

    package struct Failure: Error {
        package let step: SettingStep
        package let error: AWSError
    }

    private func perform(_ step: SettingStep, of table: TableDescription) async throws {
        guard !step.isCall else {
            return try await patiently { try await call(step, arn: table.arn) }
        }
        guard case .index(let index, _, _) = step else {
            _ = try await target.update(step.change) { looks, _ in try await pause(looks) }
            return
        }
        try await build(index.name, by: step)
    }

    /// An index may take hours. The service says which phase it is in, and nothing of how far.
    private func build(_ index: String, by step: SettingStep) async throws {
        var reported: String?
        note("building index \(index)")
        _ = try await target.update(step.change) { looks, table in
            let status = table.indexStatus[index]
            if status == "BACKFILLING", reported != status {
                note("index \(index) is being filled")
                reported = status
            }
            try await pause(looks)
        }
        note("index \(index) is filled")
    }

    private func call(_ step: SettingStep, arn: String?) async throws {
        switch step {
        case .tags(let tags): try await target.setTags(tags, ofARN: arn ?? target.name)
        case .timeToLive(let attribute): try await target.setTimeToLive(attribute)
        case .recovery(let recovery): try await target.setRecovery(recovery)
        case .insight(let insight): try await target.setInsight(insight)
        case .scaling(let dimension): try await target.setScaling(dimension)
        case .scheduled(let action): try await target.setScheduled(action)
        case .kinesis(let destination): try await target.setKinesis(destination)
        case .policy(let policy): try await target.setPolicy(policy, ofARN: arn ?? target.name)
        case .index, .capacity, .tableClass, .encryption, .stream, .replica, .protection:
            preconditionFailure("UpdateTable makes this change")
        }
    }

    /// A table that is being changed refuses other changes meanwhile.
    private func patiently(_ body: () async throws -> Void) async throws {
        var attempts = 0
        while true {
            do {
                return try await body()
            } catch let error as AWSError where error.code == "ResourceInUseException" {
                guard attempts < Self.attemptsMax else { throw error }
                try await pause(attempts)
                attempts += 1
            }
        }
    }

    /// With pauses that double: some three seconds.
    private static let looksInSilence = 7
    /// With pauses that grow to 5 s: some ten minutes.
    private static let attemptsMax = 120

    private func pause(_ looks: Int) async throws {
        guard !isStopping() else { throw Stopped() }
        if looks == Self.looksInSilence { note("waiting until \(target.name) is ready") }
        await Pause.lasting(.milliseconds(min(20 << min(looks, 8), 5_000)))
    }

    // MARK: Units

    /// Raises a provisioned table's units for the load.
    /// - Returns: the table as it is then.
    package func raise(_ boost: UnitBoost, to units: Int) async throws -> TableDescription {
        try await set(boost.raised(to: units))
    }

    /// Gives the table back the units that it had.
    package func setBack(_ boost: UnitBoost) async throws {
        _ = try await set(boost)
    }

    private func set(_ units: UnitBoost) async throws -> TableDescription {
        try await target.update(units.step.change) { looks, _ in
            // A stop waits for this: the units are paid for.
            await Pause.lasting(.milliseconds(min(20 << min(looks, 8), 5_000)))
        }
    }
}
