import AWS
import DynamoDB
import DynamoModel
import Engine

/// What is asked and refused before a copy changes anything. Whether the target is empty matters to
/// a new job only, and is asked apart.
struct CopyPreflight {
    let source: SourceTable
    let target: TargetTable
    let options: CopyOptions

    struct Findings {
        var source: TableDescription
        /// nil: the target does not exist and is to be created.
        var target: TableDescription?
        var memory: MemoryBudget
        var segments: Int
        /// What is asked for of the source's settings, and all of those of a target that is there.
        var settings: (source: TableSettings, target: TableSettings?)
        /// Where the target is, or will be.
        var place: WantedTable.Place
        /// The attribute by which items expire; nil where none do, or nobody asked.
        var expiryAttribute: String?

        /// What becomes of the target's definition and settings.
        /// - Parameter isOwn: the job has made it, or is about to.
        func plan(_ options: CopyOptions, as name: String, isOwn: Bool) -> SettingsPlan {
            guard options.part != .data else { return SettingsPlan(itemsOnly: source.definition) }
            var plan = SettingsPlan(
                WantedTable(source, settings.source, as: name, at: place, options.settings),
                current: target.map { ($0, settings.target ?? TableSettings()) }, isOwn: isOwn,
                options.settings, indexes: indexTiming(options))
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
        guard let memory = MemoryBudget(total: options.memory) else {
            let least = (MemoryBudget.totalMin + (1 << 20) - 1) >> 20
            throw CopyRefusal(
                "--memory: \(options.memory) bytes do not hold one item of 400 KB on its way",
                hint: "give at least \(least)MiB")
        }
        let from = try await describe(source, "source")
        guard let from else {
            throw CopyRefusal(
                "there is no source table \(source.name) at \(place(source.reader))",
                hint: "check its name, the region and the account")
        }
        guard from.status == "ACTIVE" || from.status == "UPDATING" else {
            throw CopyRefusal(
                "the source table \(source.name) is \(from.status)", hint: "wait until it is ACTIVE"
            )
        }
        let to = try await describe(target, "target")
        if let to { try check(from, to) }
        if to == nil, options.part == .data {
            throw CopyRefusal(
                "there is no target table \(target.name) at \(place(target.reader))",
                hint: "leave out --data-only to have it made")
        }
        _ = try VerifyLimits(
            options.limits, source: from.definition, target: (to ?? from).definition,
            isRepaired: true)
        let segments = options.segments ?? CopyOptions.segments(forBytes: from.sizeBytes)
        if options.part != .schema { try await tryScan(segments) }
        return Findings(
            source: from, target: to, memory: memory, segments: segments,
            settings: try await settings(from, to), place: targetPlace(from, to),
            expiryAttribute: try await expiryAttribute())
    }

    private func expiryAttribute() async throws(CopyRefusal) -> String? {
        guard options.skipsExpired, options.part != .schema else { return nil }
        do {
            return try await source.timeToLive()
        } catch {
            var refusal = CopyRefusal(error, side: "source", source.reader.endpoint)
            refusal.message = "--skip-expired: \(refusal.message)"
            throw refusal
        }
    }

    private func tryScan(_ segments: Int) async throws(CopyRefusal) {
        do {
            try await source.tryScan(segments: segments)
        } catch {
            var refusal = CopyRefusal(error, side: "source", source.reader.endpoint)
            if error.lacksOperation, segments > 1 {
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
        let found = try await read(wanted, of: source, from, "source")
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
    ) -> WantedTable.Place {
        let sharesKey = source.reader.accessKeyID == target.reader.accessKeyID
        let isNamed = !source.name.contains(":") && !target.name.contains(":")
        return WantedTable.Place(
            region: target.reader.endpoint.region,
            isSameAccount: to.map { $0.account == from.account } ?? (sharesKey && isNamed))
    }

    private func place(_ reader: ReadOnlyClient) -> String {
        "\(reader.endpoint.url) (\(reader.endpoint.region))"
    }

    private func describe(
        _ table: some ReadableTable, _ side: String
    ) async throws -> TableDescription? {
        do {
            return try await table.describeIfExists()
        } catch let error as TableDefinitionError {
            throw CopyRefusal(
                "the \(side) \(table.name): \(error)",
                hint: "is \(table.reader.endpoint.url) a DynamoDB endpoint?")
        } catch let error as AWSError {
            throw CopyRefusal(error, side: side, table.reader.endpoint)
        }
    }

    private func check(_ from: TableDescription, _ to: TableDescription) throws(CopyRefusal) {
        let isSameEndpoint = source.reader.endpoint.url == target.reader.endpoint.url
        switch TableRelation(from, to, isSameEndpoint: isSameEndpoint) {
        case .unrelated: break
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
        guard from.schema == to.schema else {
            throw CopyRefusal(
                "the keys differ: \(from.definition.name) has \(from.schema),"
                    + " \(to.definition.name) has \(to.schema)",
                hint: "name another target, or one that does not exist yet")
        }
        guard to.status == "ACTIVE" || to.status == "UPDATING" || to.status == "CREATING" else {
            throw CopyRefusal(
                "the target table \(target.name) is \(to.status)", hint: "wait until it is ACTIVE")
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
    func checkEmpty(finished: JobRecord? = nil) async throws {
        guard !options.mergesIntoItems, options.part != .schema else { return }
        guard try await holdsItems() else { return }
        let reason = finished.map { ": job \($0.id) has copied everything into it" } ?? ""
        throw CopyRefusal(
            "the target table \(target.name) holds items\(reason)",
            hint: "--merge replaces items of the same key and keeps all others; --merge=keep"
                + " keeps them too")
    }
}

extension CopyRefusal {
    package init(_ error: AWSError, side: String, _ endpoint: Endpoint) {
        let lacks = error.lacksOperation ? "the endpoint has no such operation: " : ""
        self.init(
            "\(error.operation) on the \(side) at \(endpoint.url) (\(endpoint.region)):"
                + " \(lacks)\(error.code): \(error.headline)",
            hint: error.hint)
    }
}
