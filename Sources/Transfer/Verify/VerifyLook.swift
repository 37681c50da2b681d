import AWS
import Connectors
import DynamoDB
import DynamoModel
import Status
import System

/// What there is to a pair of tables before any item is read.
struct VerifyLook: Sendable {
    private(set) var subject: TableVerification.Subject
    /// Before anything is read.
    let status: TableStatus
    private(set) var comparison = Comparison()
    let memory: VerifyMemory
    /// `--segments`
    let segmentsAsked: Int?

    /// Of tables that have been looked at; only their items are compared.
    /// - Parameter bytes: where they do not suffice, the least that does is taken.
    init(_ subject: TableVerification.Subject, memory bytes: Int) {
        self.subject = subject
        let repairs = subject.repaired != nil
        memory = VerifyMemory(
            total: max(bytes, VerifyMemory.totalMin(repairs: repairs)), repairs: repairs)!
        segmentsAsked = nil
        status = TableStatus(
            source: subject.source.description.definition.name,
            target: subject.target.description.definition.name)
        comparison.segments = subject.segments
    }

    init(_ options: VerifyOptions, _ pair: VerifyPreparation.Pair) async throws(CopyRefusal) {
        var repairs = false
        if case .repaired = pair.target { repairs = true }
        guard let memory = VerifyMemory(total: options.memory, repairs: repairs) else {
            let least = (VerifyMemory.totalMin(repairs: repairs) + (1 << 20) - 1) >> 20
            throw CopyRefusal(
                "--memory: \(options.memory.counted("byte"))"
                    + " can't hold an item of 400 KB of each side",
                hint: "give at least \(least)MiB")
        }
        self.memory = memory
        segmentsAsked = options.segments
        let (from, to) = (ComparedSide(pair.source), pair.target.side)
        async let left = from.description("source")
        async let right = to.description("target")
        let (source, target): (TableDescription, TableDescription)
        do {
            (source, target) = (try await left, try await right)
        } catch {
            throw error as? CopyRefusal ?? CopyRefusal("\(error)")
        }
        guard source.schema == target.schema || !options.transform.isNone else {
            throw CopyRefusal(
                "the keys differ: \(source.definition.name) has \(source.schema),"
                    + " \(target.definition.name) has \(target.schema)",
                hint: "items without a common key can't be compared")
        }
        let movesKeys = options.transform.movesKeys(from: source.schema, to: target.schema)
        if movesKeys { try Self.checkMovedKeys(options, repairs: repairs) }
        var status = TableStatus(
            source: from.export?.title ?? source.definition.name,
            target: to.export?.title ?? target.definition.name)
        status.sourceARN = from.table == nil ? nil : source.arn
        status.targetARN = to.table == nil ? nil : target.arn
        self.status = status
        if from.knowsSchema, to.knowsSchema {
            comparison.schemaDifferences =
                SchemaComparison(
                    // What changes keys on the way is asked for.
                    source.schema == target.schema
                        ? source.definition : source.definition.withKeys(target.schema),
                    target.definition
                ).differences
        }
        let settings = await SettingsComparison(
            (from, source), (to, target), options.settings)
        comparison.settingDifferences = settings.differences
        comparison.notes = settings.notes
        comparison.notes += Self.notes(on: options, movesKeys: movesKeys)
        var subject = TableVerification.Subject(
            source: .init(
                place: from, description: source, expiry: settings.timeToLive.source),
            target: .init(
                place: to, description: target, expiry: settings.timeToLive.target),
            segments: segmentsAsked ?? 1)
        if case .repaired(let table, let repair) = pair.target {
            subject.repaired = .init(table: table, options: repair)
        }
        self.subject = subject
        // A limit that can't be is refused before anything is begun.
        _ = try VerifyLimits(options.limits, subject)
    }

    private static func notes(on options: VerifyOptions, movesKeys: Bool) -> [String] {
        var notes: [String] = []
        if options.transform.through != nil {
            notes.append(
                "the program of --through ran once more: what it does not make the same each time"
                    + " is different here")
        }
        if movesKeys {
            notes.append(
                "items that differ are not read again, since their keys are changed: those that"
                    + " changed meanwhile, or have expired, are among them")
        }
        return notes
    }

    /// Refuses what can't be done where items get other keys on the way.
    private static func checkMovedKeys(
        _ options: VerifyOptions, repairs: Bool
    ) throws(CopyRefusal) {
        if case .sample = options.mode {
            throw CopyRefusal(
                "--sample requires the same keys on both sides, but here they are changed",
                hint: "leave --sample out, or compare a --fraction of the keys")
        }
        if repairs {
            throw CopyRefusal(
                "--repair finds items by their keys, but here they are changed",
                hint: "copy once more with --merge, which puts what is missing")
        }
    }

    /// Finds out in how many segments both tables are to be read, by reading the source for the
    /// first time. Segments of a sample must be many enough that some tens are drawn.
    mutating func readFirst(_ options: VerifyOptions, _ spool: Spool?) async throws(CopyRefusal) {
        let (source, target) = (subject.source, subject.target)
        let bytes = max(source.description.sizeBytes, target.description.sizeBytes)
        var first = FirstRead(segments: segmentsAsked ?? ScanSource.segments(forBytes: bytes))
        if case .sample(let share) = options.mode {
            while segmentsAsked == nil, Double(first.segments) * share < 64,
                first.segments < 1 << 19
            { first.segments *= 2 }
        } else if segmentsAsked == nil, let table = source.place.table {
            do throws(AWSError) {
                var reader = FirstReader(
                    table, source.description, pageBytesMax: memory.pageBytes,
                    spool: spool, bytes: bytes)
                reader.isConsistent = options.isConsistentRead
                reader.contents =
                    options.mode == .count && options.transform.isNone ? .count : .items
                reader.rate = options.limits.totals.read
                first = try await reader.read()
            } catch {
                throw CopyRefusal(error, side: "source", table.reader.endpoint)
            }
        }
        setFirst(first)
    }

    /// Reads the sources of several for the first time. Under a limit over all tables one is read
    /// after the other, each once the units of that before it have passed.
    static func readFirst(
        _ looks: [VerifyLook], _ options: [VerifyOptions], _ spool: Spool?
    ) async throws -> [VerifyLook] {
        let rate = options.first?.limits.totals.read
        return try await AtOnce.map(
            Array(zip(looks, options)), atOnce: rate == nil ? nil : 1
        ) { look, options in
            var look = look
            try await look.readFirst(options, spool)
            return look
        }
    }

    /// Both tables are to be read as a job has begun to.
    mutating func setFirst(_ first: FirstRead) {
        subject.first = first
        subject.segments = first.segments
        comparison.segments = first.segments
    }
}

extension SourceGuard {
    /// Of tables that are compared, some of which are to be repaired.
    init(_ looks: [VerifyLook]) {
        // Files are no table that could be written by mistake.
        let pairs = looks.compactMap { look in
            let (source, target) = (look.subject.source, look.subject.target)
            return source.place.table.map { table in
                Pair(
                    source: (table, source.description),
                    target: look.subject.repaired.map { ($0.table, target.description) })
            }
        }
        self.init(pairs: pairs, verb: "repaired")
    }
}
