import AWS
import DynamoDB
import DynamoModel
import Engine

/// What there is to a pair of tables before any item is read.
struct VerifyLook: Sendable {
    let subject: TableVerification.Subject
    let verdict: TableVerdict
    let memory: VerifyMemory
    /// `--segments`
    let segmentsAsked: Int?

    /// Of tables that have been looked at; only their items are compared.
    /// - Parameter bytes: ``VerifyMemory/totalMin`` at least.
    init(_ subject: TableVerification.Subject, memory bytes: Int) {
        self.subject = subject
        memory = VerifyMemory(total: bytes)!
        segmentsAsked = nil
        verdict = TableVerdict(
            source: subject.source.description.definition.name,
            target: subject.target.description.definition.name)
    }

    init(_ options: VerifyOptions, _ pair: VerifyJob.Pair) async throws(CopyRefusal) {
        guard let memory = VerifyMemory(total: options.memory) else {
            let least = (VerifyMemory.totalMin + (1 << 20) - 1) >> 20
            throw CopyRefusal(
                "--memory: \(options.memory) bytes do not hold an item of 400 KB of each side",
                hint: "give at least \(least)MiB")
        }
        self.memory = memory
        segmentsAsked = options.segments
        let (from, to) = (pair.source, pair.target.table)
        async let left = Self.describe(from, "source")
        async let right = Self.describe(to, "target")
        let (source, target): (TableDescription, TableDescription)
        do {
            (source, target) = (try await left, try await right)
        } catch {
            throw error as? CopyRefusal ?? CopyRefusal("\(error)")
        }
        guard source.schema == target.schema else {
            throw CopyRefusal(
                "the keys differ: \(source.definition.name) has \(source.schema),"
                    + " \(target.definition.name) has \(target.schema)",
                hint: "items without a common key can't be compared")
        }
        var verdict = TableVerdict(source: source.definition.name, target: target.definition.name)
        verdict.schemaDifferences =
            SchemaComparison(source.definition, target.definition).differences
        let settings = await SettingsComparison(
            (from, source), (to, target), options.settings)
        verdict.settingDifferences = settings.differences
        verdict.notes = settings.notes
        let segments =
            segmentsAsked
            ?? Self.segments(forBytes: max(source.sizeBytes, target.sizeBytes), options.mode)
        verdict.progress.segments = segments
        self.verdict = verdict
        var subject = TableVerification.Subject(
            source: .init(
                table: from, description: source, expiry: settings.timeToLive.source),
            target: .init(
                table: to, description: target, expiry: settings.timeToLive.target),
            segments: segments)
        if case .repaired(let table, let repair) = pair.target {
            subject.repaired = .init(table: table, options: repair)
        }
        self.subject = subject
        // A limit that can't be is refused before anything is begun.
        _ = try VerifyLimits(options.limits, subject)
    }

    /// No table may be repaired that another is repaired after, nor after itself.
    static func checkSources(_ looks: [VerifyLook]) throws(CopyRefusal) {
        for written in looks where written.subject.repaired != nil {
            for read in looks {
                let (source, target) = (read.subject.source, written.subject.target)
                let relation = TableRelation(
                    source.description, target.description,
                    isSameEndpoint: source.table.reader.endpoint.url
                        == target.table.reader.endpoint.url)
                guard relation != .unrelated else { continue }
                throw CopyRefusal(
                    "\(written.verdict.target) would be repaired as the copy of"
                        + " \(written.verdict.source), but is a source itself, or its replica",
                    hint: "leave one out with --exclude, or name the target otherwise")
            }
        }
    }

    /// Segments of a sample must be many enough that some tens are drawn.
    private static func segments(forBytes bytes: Int, _ mode: VerifyOptions.Mode) -> Int {
        let usual = CopyOptions.segments(forBytes: bytes)
        guard case .sample(let share) = mode else { return usual }
        var segments = usual
        while Double(segments) * share < 64, segments < 1 << 19 { segments *= 2 }
        return segments
    }

    private static func describe(
        _ table: any ReadableTable, _ side: String
    ) async throws(CopyRefusal) -> TableDescription {
        let place = "\(table.reader.endpoint.url) (\(table.reader.endpoint.region))"
        do {
            guard let found = try await table.describeIfExists() else {
                throw CopyRefusal(
                    "there is no \(side) table \(table.name) at \(place)",
                    hint: "check its name, the region and the account")
            }
            guard found.status == "ACTIVE" || found.status == "UPDATING" else {
                throw CopyRefusal(
                    "the \(side) table \(table.name) is \(found.status)",
                    hint: "wait until it is ACTIVE")
            }
            return found
        } catch let refusal as CopyRefusal {
            throw refusal
        } catch let error as AWSError {
            throw CopyRefusal(error, side: side, table.reader.endpoint)
        } catch {
            throw CopyRefusal(
                "the \(side) \(table.name): \(error)",
                hint: "is \(table.reader.endpoint.url) a DynamoDB endpoint?")
        }
    }
}
