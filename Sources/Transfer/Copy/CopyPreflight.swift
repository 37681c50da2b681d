import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Schema
import System

/// What is asked and refused before a copy changes anything. Whether the target is empty matters to
/// a new job only, and is asked apart.
struct CopyPreflight {
    let source: CopySource
    let target: TargetTable
    let options: CopyOptions

    /// As messages name both.
    var names: (source: String, target: String) {
        (source.tableName ?? source.name, target.name)
    }

    struct Findings {
        var source: TableDescription
        /// nil: the target does not exist and is to be created.
        var target: TableDescription?
        var memory: MemoryBudget
        /// What is asked for of the source's settings, and all of those of a target that is there.
        var settings: (source: TableSettings, target: TableSettings?)
        /// Where the target is, or will be.
        var place: TargetSpec.Place
        /// The attribute by which items expire; nil where none do, or nobody asked.
        var expiryAttribute: String?

        /// What becomes of the target's definition and settings.
        /// - Parameters:
        ///   - isOwn: the job has made it, or is about to.
        ///   - raised: what it had before its units were raised for the copy.
        func plan(
            _ options: CopyOptions, as name: String, isOwn: Bool, raised: UnitBoost? = nil
        ) -> SettingsPlan {
            guard options.part != .data else { return SettingsPlan(itemsOnly: source.definition) }
            var choice = options.settings
            // What is there stays paid for as it is.
            if target != nil, !isOwn, !choice.appliesToExisting {
                (choice.billing, choice.capacity) = (nil, nil)
            }
            var model = source
            if let keys = options.transform.keys {
                model.definition = model.definition.withKeys(keys)
            }
            var wanted = TargetSpec(model, settings.source, as: name, at: place, choice)
            // An earlier run of the job has made it, by a command that may have said more.
            if let target, isOwn, choice.billing == nil, choice.capacity == nil {
                wanted.keepBilling(of: target.definition, raised?.table)
            }
            if options.load == .importTable { return SettingsPlan(importing: wanted) }
            var plan = SettingsPlan(
                wanted, current: target.map { ($0, settings.target ?? TableSettings()) },
                isOwn: isOwn,
                choice, indexes: indexTiming(options))
            if let units = options.boostWrites, plan.creation.billing.isOnDemand {
                plan.creation.warmWriteUnits = units
            }
            return plan
        }

        func indexTiming(_ options: CopyOptions) -> IndexTiming {
            options.indexes ?? .standard(forBytes: source.sizeBytes)
        }
    }

    func run() async throws -> Findings {
        let readers = source.readersBytes(of: options.memory)
        guard let memory = MemoryBudget(total: options.memory - readers) else {
            let least = (MemoryBudget.totalMin + readers + (1 << 20) - 1) >> 20
            throw CopyRefusal(
                "--memory: \(options.memory.counted("byte"))"
                    + " can't hold one item of 400 KB on its way",
                hint: "give at least \(least)MiB")
        }
        let from = try await readable()
        let to = try await target.described("target")
        if let to { try check(from, to) }
        if to == nil, options.part == .data {
            throw CopyRefusal(
                "there is no target table \(target.name) at \(target.place)",
                hint: "leave out --data-only to have it made")
        }
        if to == nil, options.settings.billing == .provisioned, options.settings.capacity == nil,
            from.definition.billing.isOnDemand
        {
            throw CopyRefusal(
                "--billing-mode provisioned: \(from.definition.name) is on demand and has no units"
                    + " to take over", hint: "name them: --target-capacity READ:WRITE")
        }
        _ = try VerifyLimits(
            options.limits, source: from.definition, target: (to ?? from).definition,
            isRepaired: true)
        let findings = Findings(
            source: from, target: to, memory: memory,
            settings: try await settings(from, to), place: targetPlace(from, to),
            expiryAttribute: try await expiryAttribute())
        try checkKeys(findings)
        if let load = options.load { try checkLoad(load, findings) }
        try checkWindows(from, to)
        if options.part != .data { try checkReplicas(findings) }
        try checkRegion(ofARN: options.settings.kmsKey, "--kms-key")
        try checkRegion(ofARN: options.settings.kinesisStream, "--kinesis-stream")
        return findings
    }

    /// What can't be done with items that get other keys.
    private func checkKeys(_ findings: Findings) throws(CopyRefusal) {
        let schema = findings.source.schema
        guard options.onlyChanged,
            options.transform.movesKeys(from: schema, to: options.transform.keys ?? schema)
        else { return }
        throw CopyRefusal(
            "--only-changed finds items by their keys, but this copy changes them",
            hint: "copy into a new table, or with --merge")
    }

    private func readable() async throws(CopyRefusal) -> TableDescription {
        switch source {
        case .table(let table): try await table.readable("source")
        case .export(let export): export.description
        }
    }

    /// (Guide, "Global tables": a replica of a provisioned table wants auto scaling of its write
    /// units, and there may be no table of its name in its region.)
    private func checkReplicas(_ findings: Findings) throws(CopyRefusal) {
        let replicas = options.settings.replicas
        guard !replicas.isEmpty else { return }
        let own = target.reader.endpoint.region
        if replicas.contains(own) {
            throw CopyRefusal(
                "--replica \(own): that is the target's own region", hint: "leave it out")
        }
        let partition = Partition.of(region: own)
        if let far = replicas.first(where: { Partition.of(region: $0) != partition }),
            let partition
        {
            throw CopyRefusal(
                "--replica \(far) is in another partition of AWS than the target, which is in"
                    + " \(partition.name)", hint: "a global table stays within one")
        }
        if findings.place.isSameAccount, findings.source.definition.name == target.name,
            let region = findings.source.region, replicas.contains(region)
        {
            throw CopyRefusal(
                "--replica \(region): the source is there, and has the target's name",
                hint: "leave the region out, or give the target another name")
        }
        let isOnDemand =
            findings.target?.definition.billing.isOnDemand
            ?? options.settings.makesOnDemand(of: findings.source.definition.billing.isOnDemand)
        let scaling = findings.settings.source.scaling + (findings.settings.target?.scaling ?? [])
        guard !isOnDemand, !scaling.contains(where: { $0.dimension.contains("Write") }) else {
            return
        }
        throw CopyRefusal(
            "--replica: \(target.name) is provisioned, and a replica of it needs auto scaling of"
                + " its write units, which the source does not have",
            hint: "--billing-mode on-demand makes a target that needs none")
    }

    /// What a target uses must be in its region.
    private func checkRegion(ofARN arn: String?, _ option: String) throws(CopyRefusal) {
        let parts = (arn ?? "").split(separator: ":", omittingEmptySubsequences: false)
        let region = target.reader.endpoint.region
        guard parts.count >= 6, parts[0] == "arn", parts[3] != region else { return }
        throw CopyRefusal(
            "\(option) is in \(parts[3]), but the target in \(region)",
            hint: "name one of the target's region")
    }

    private func expiryAttribute() async throws(CopyRefusal) -> String? {
        guard options.skipsExpired, options.part != .schema else { return nil }
        switch source {
        case .export(let export): return export.settings.timeToLive
        case .table(let table): return try await expiryAttribute(of: table)
        }
    }

    private func expiryAttribute(of source: SourceTable) async throws(CopyRefusal) -> String? {
        do {
            return try await source.timeToLive()
        } catch {
            var refusal = CopyRefusal(error, side: "source", source.reader.endpoint)
            refusal.message = "--skip-expired: \(refusal.message)"
            throw refusal
        }
    }

    /// Reads the source for the first time, which shows that it can be read.
    /// - Parameters:
    ///   - segments: those that a job has begun with; nil: it has not begun.
    ///   - spool: where the page is kept; nil: in memory.
    func firstRead(
        _ findings: Findings, segments: Int? = nil, spool: Spool?
    ) async throws(CopyRefusal) -> FirstRead {
        guard options.part != .schema, let source = source.table else {
            return FirstRead(segments: source.filesCount ?? 1)
        }
        if let keys = options.transform.keyList {
            return try await keys.firstRead(source, findings.source.schema)
        }
        var reader = FirstReader(
            source, findings.source, pageBytesMax: findings.memory.pageBytes, spool: spool,
            bytes: findings.source.sizeBytes)
        reader.isConsistent = options.isConsistentRead
        reader.asked = segments ?? options.segments
        reader.rate = options.limits.totals.read
        reader.wanted = options.transform.filter
        do throws(AWSError) {
            return try await reader.read()
        } catch {
            var refusal = CopyRefusal(error, side: "source", source.reader.endpoint)
            if error.lacksOperation, reader.asked != 1 {
                refusal.hint = "the endpoint may lack Scan, or segments: try --segments 1"
            }
            throw refusal
        }
    }

    /// TTL of a target is looked at whatever is copied: it would delete what is being written.
    private func settings(
        _ from: TableDescription, _ to: TableDescription?
    ) async throws(CopyRefusal) -> (source: TableSettings, target: TableSettings?) {
        let wanted = options.part == .data ? [] : options.settings.wanted
        let found =
            switch source {
            case .table(let table): try await read(wanted, of: table, from, "source")
            case .export(let export): export.settings.only(wanted)
            }
        guard let to else { return (found, nil) }
        return (found, try await read(wanted.union([.timeToLive]), of: target, to, "target"))
    }

    private func read(
        _ wanted: Set<Setting>, of table: some ReadableTable, _ description: TableDescription,
        _ side: String
    ) async throws(CopyRefusal) -> TableSettings {
        do throws(SettingUnreadable) {
            return try await table.settings(wanted, of: description)
        } catch {
            var refusal = CopyRefusal(error.error, side: side, table.reader.endpoint)
            refusal.message = "\(error.setting.title) of \(table.name): \(refusal.message)"
            refusal.hint =
                (refusal.hint.map { "\($0) Or leave" } ?? "leave")
                + " it out with --no-\(error.setting.rawValue)"
            throw refusal
        }
    }

    /// Who signs with the same key belongs to the same account; a table named by its ARN may not.
    private func targetPlace(
        _ from: TableDescription, _ to: TableDescription?
    ) -> TargetSpec.Place {
        guard let source = source.table else {
            // Who wrote the files need not be who makes the table.
            return TargetSpec.Place(
                region: target.reader.endpoint.region,
                isSameAccount: to.map { $0.account == from.account } ?? false)
        }
        let sharesKey = source.reader.accessKeyID == target.reader.accessKeyID
        let isNamed = !source.name.contains(":") && !target.name.contains(":")
        return TargetSpec.Place(
            region: target.reader.endpoint.region,
            isSameAccount: to.map { $0.account == from.account } ?? (sharesKey && isNamed))
    }

    private func check(_ from: TableDescription, _ to: TableDescription) throws(CopyRefusal) {
        switch source.table.map({ SourceGuard.relation(($0, from), (target, to)) }) ?? .unrelated {
        // Where it is unknown, both are looked at once the job is known (``SourceGuard``).
        case .unrelated, .uncertain: break
        case .same:
            throw CopyRefusal(
                "source and target are the same table, \(to.arn ?? to.definition.name)",
                hint: "name another target")
        case .replica:
            throw CopyRefusal(
                "\(to.definition.name) in \(to.region ?? "?") is a replica of the source in"
                    + " \(from.region ?? "?")",
                hint: "a global table copies itself; name another target")
        }
        let schema = options.transform.keys ?? from.schema
        guard schema == to.schema else {
            throw CopyRefusal(
                options.transform.keys == nil
                    ? "the keys differ: \(from.definition.name) has \(from.schema),"
                        + " \(to.definition.name) has \(to.schema)"
                    : "the keys differ: \(to.definition.name) has \(to.schema), and --key is"
                        + " \(schema)",
                hint: "name another target, or one that does not exist yet"
                    + (options.transform.keys == nil ? "; --key says which keys it is to have" : "")
            )
        }
        guard to.status == "ACTIVE" || to.status == "UPDATING" || to.status == "CREATING" else {
            throw CopyRefusal(
                "the target table \(target.name) is \(to.status)",
                hint: TableStatusAdvice.of(to.status))
        }
    }

    /// What happens to items that are written into a target that is there already, besides being
    /// stored; nil when nothing does.
    static func liveliness(_ findings: Findings) -> String? {
        guard let target = findings.target else { return nil }
        var reasons: [String] = []
        if let attribute = findings.settings.target?.timeToLive {
            reasons.append("TTL on \(attribute), which deletes items that have expired")
        }
        if let view = target.definition.stream {
            reasons.append("a stream (\(view)), whose readers hear of every item")
        }
        guard !reasons.isEmpty else { return nil }
        return "\(target.definition.name) has " + reasons.joined(separator: ", and ")
    }

    /// Whether there is anything in the target.
    func holdsItems() async throws(CopyRefusal) -> Bool {
        do {
            return try await target.holdsItems()
        } catch {
            throw CopyRefusal(error, side: "target", target.reader.endpoint)
        }
    }

    /// Refuses a target that holds items, unless they may be merged into.
    /// - Parameter finished: the job that has copied into it already, if one has.
    func checkEmpty(finished: JobRecord? = nil) async throws(CopyRefusal) {
        guard !options.mergesIntoItems, options.part != .schema else { return }
        guard try await holdsItems() else { return }
        let reason = finished.map { ": job \($0.id) has copied everything into it" } ?? ""
        let merge = "--merge replaces items of the same key and keeps all others"
        throw CopyRefusal(
            "the target table \(target.name) holds items\(reason)",
            // DynamoDB itself can do nothing else.
            hint: options.load != nil
                ? merge
                : (finished == nil ? "" : "--only-changed copies what differs since; ") + merge
                    + "; --merge=keep keeps them too")
    }
}

extension ReadableTable {
    /// Where it is, in words.
    fileprivate var place: String { "\(reader.endpoint.url) (\(reader.endpoint.region))" }

    /// What there is of it; nil when there is no such table.
    /// - Parameter side: `source` or `target`, for messages.
    func described(_ side: String) async throws(CopyRefusal) -> TableDescription? {
        do {
            return try await describeIfExists()
        } catch {
            throw CopyRefusal(describing: self, side, error)
        }
    }

    /// A table there whose name is nearly this one; nil also where tables can't be listed.
    private var nearName: String? {
        get async {
            let names = try? await reader.call(.listTables, [:])["TableNames"]?.array
            return nearest(to: name, among: names?.compactMap(\.string) ?? [])
        }
    }

    /// What there is of one that is to be read.
    package func readable(_ side: String) async throws(CopyRefusal) -> TableDescription {
        guard let found = try await described(side) else {
            throw CopyRefusal(
                "there is no \(side) table \(name) at \(place)",
                hint: await nearName.map { "did you mean \($0)?" }
                    ?? "check its name, the region and the account")
        }
        guard found.status == "ACTIVE" || found.status == "UPDATING" else {
            throw CopyRefusal(
                "the \(side) table \(name) is \(found.status)",
                hint: TableStatusAdvice.of(found.status))
        }
        return found
    }
}

extension CopyRefusal {
    /// A table that can't be looked up.
    init(describing table: any ReadableTable, _ side: String, _ error: any Error) {
        if let error = error as? AWSError {
            self.init(error, side: side, table.reader.endpoint)
        } else {
            self.init(
                "the \(side) \(table.name): \(error)",
                hint: "is \(table.reader.endpoint.url) a DynamoDB endpoint?")
        }
    }

    package init(_ error: AWSError, side: String, _ endpoint: Endpoint) {
        let lacks = error.lacksOperation ? "the endpoint has no such operation: " : ""
        self.init(
            "\(error.operation) on the \(side) at \(endpoint.url) (\(endpoint.region)):"
                + " \(lacks)\(error.code): \(error.headline)",
            hint: error.keyRefusal?.hint(for: "the credentials of the \(side)") ?? error.hint)
        concernsAll = error.concernsSide
    }
}
