import AWS
import Arguments
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Glibc
import JSON
import Jobs
import S3
import Schema
import Status
import Transfer

/// Copies from tables to files, and from files to tables.
enum EngineFiles {
    // MARK: To files

    static func export(
        _ arguments: CopyArguments, _ voice: JobConsole, environment: [String: String]
    ) async throws -> Job {
        let sides = try sidesOfExport(arguments, environment)
        var options = try EngineCopy.jobOptions(arguments, environment)
        if arguments.target.kind == .stream {
            let client = ReadOnlyClient(try await sides.client(sides.source, arguments, voice))
            let scaling = try await sides.scaling(sides.source, arguments, voice)
            let table = SourceTable(
                name: arguments.source.text, reader: client,
                scaling: scaling.map(ScalingReader.init))
            try TransformArguments.checkRules(of: [(table.name, arguments.transform)])
            return try await ExportPreparation.lines(
                try Self.options(arguments, table.name, environment), table, to: STDOUT_FILENO,
                called: "stdout",
                note: { voice.note($0) }, willWrite: voice.willWrite, seed: anySeed())
        }
        if arguments.native.exports {
            return try await snapshot(arguments, sides, options, voice, environment)
        }
        let pairs = try await exportPairs(arguments, sides, voice, &options)
        return try await ExportPreparation.prepare(
            Self.options(of: pairs, arguments, environment), job: options, pairs,
            policy: EngineCopy.policy(arguments), note: { voice.note($0) },
            willWrite: voice.willWrite, seed: anySeed())
    }

    static func sidesOfExport(
        _ arguments: CopyArguments, _ environment: [String: String]
    ) throws(ConfigurationError) -> Sides {
        try Sides(
            arguments, environment: environment, uses: arguments.usesBuckets ? .both : .source)
    }

    /// What holds for each table.
    static func options(
        of pairs: [ExportPreparation.Pair], _ arguments: CopyArguments,
        _ environment: [String: String]
    ) throws(CommandFailure) -> [ExportOptions] {
        try TransformArguments.checkRules(
            of: pairs.map { ($0.source.name, arguments.own(ofTable: $0.source.name).transform) })
        return try pairs.map { pair throws(CommandFailure) in
            try options(
                arguments.own(ofTable: pair.source.name), pair.source.name, environment)
        }
    }

    private static func options(
        _ arguments: CopyArguments, _ table: String, _ environment: [String: String]
    ) throws(CommandFailure) -> ExportOptions {
        var options = try ExportOptions(arguments, ofTable: table)
        options.scratchFolder = ScratchFolder.parent(environment)
        return options
    }

    /// Tables that are selected, and where each goes.
    static func exportPairs(
        _ arguments: CopyArguments, _ sides: Sides, _ voice: JobConsole, _ job: inout JobOptions
    ) async throws -> [ExportPreparation.Pair] {
        let client = ReadOnlyClient(try await sides.client(sides.source, arguments, voice))
        let scaling = try await sides.scaling(sides.source, arguments, voice)
        var pairs: [ExportPreparation.Pair] = []
        for (table, folder) in try await folders(
            arguments, client, scaling, voice, &job, purpose: "export")
        {
            pairs.append(try await place(table, folder, sides, arguments, voice))
        }
        return pairs
    }

    /// The tables that are selected, each with the place of its files.
    static func folders(
        _ arguments: CopyArguments, _ client: ReadOnlyClient, _ scaling: Client?,
        _ voice: JobConsole, _ job: inout JobOptions, purpose: String
    ) async throws -> [(table: SourceTable, folder: String)] {
        let selection = TableSelection(toFiles: arguments)
        if selection.needsNames { job.selection = selection.text(for: purpose) }
        let selected = try await SelectedTables(
            selection, purpose: purpose, jobs: job.folder, id: arguments.job, source: client)
        for note in selected.notes { voice.note(note) }
        return selected.pairs.map {
            (
                SourceTable(
                    name: $0.source, reader: client, scaling: scaling.map(ScalingReader.init)),
                $0.target
            )
        }
    }

    /// Tables that are selected, each with the export of it that it is compared with.
    static func exports(
        _ arguments: CopyArguments, _ sides: Sides, _ voice: JobConsole, _ job: inout JobOptions,
        purpose: String
    ) async throws -> [(source: SourceTable, target: ExportedSource)] {
        let client = ReadOnlyClient(try await sides.client(sides.source, arguments, voice))
        let scaling = try await sides.scaling(sides.source, arguments, voice)
        var pairs: [(source: SourceTable, target: ExportedSource)] = []
        for (table, folder) in try await folders(
            arguments, client, scaling, voice, &job, purpose: purpose)
        {
            guard let location = Location(folder) else {
                preconditionFailure("\(folder) is no place")
            }
            var place = try await place(location, .target, sides, arguments, voice)
            place.purpose = .comparing
            let own = arguments.own(ofTable: table.name)
            for chosen in try await place.exports(own, voice) {
                for note in chosen.export.notes { voice.note(note) }
                pairs.append(
                    (table, try await described(chosen.export, in: place.files, table, own)))
            }
        }
        return pairs
    }

    /// A table, and the folder or the prefix of a bucket that it goes into.
    private static func place(
        _ table: SourceTable, _ target: String, _ sides: Sides, _ arguments: CopyArguments,
        _ voice: JobConsole
    ) async throws -> ExportPreparation.Pair {
        guard Location(target)?.kind == .bucket else {
            let store = FolderStore(target)
            guard let file = store.fileInTheWay else {
                return ExportPreparation.Pair(table, to: store)
            }
            throw CommandFailure(
                "\(file) is a file, and no folder", hints: ["name a folder to export into"])
        }
        let location = try S3Location(target)
        let bucket = TargetBucket(
            try await sides.bucket(location.bucket, of: sides.target, arguments, voice))
        try await reach(bucket, location.prefix, "target")
        let store = WritableBucketStore(bucket, prefix: location.prefix)
        var pair = ExportPreparation.Pair(table, to: store)
        (pair.key, pair.bucket) = (store.key, "\(location.bucket)")
        return pair
    }

    /// Before anything else: the bucket must be there, and its listing allowed.
    static func reach(
        _ bucket: some ReadableBucket, _ prefix: String, _ side: String
    ) async throws(CommandFailure) {
        do throws(AWSError) {
            try await bucket.probe(prefix: prefix)
        } catch {
            let what = error.isMissing ? "there is no such bucket" : error.headline
            let place = "the \(side) bucket \(bucket.name) at \(bucket.endpoint.url)"
            throw CommandFailure(
                "\(place): \(error.code): \(what)",
                hints: error.isMissing
                    ? ["check its name, the region and the account"]
                    : (error.keyRefusal?.hint(for: "the credentials of the \(side)")
                        ?? error.hint).map { [$0] } ?? [])
        }
    }

    // MARK: From files

    /// - Parameter jobs: that may have brought exports into a table before.
    static func tables(
        _ arguments: CopyArguments, _ sides: Sides, _ voice: JobConsole, jobs: JobFolder,
        for purpose: FilesPlace.Purpose = .copying
    ) async throws -> [CopyPreparation.Pair] {
        let client = try await sides.client(sides.target, arguments, voice)
        let scaling = try await sides.scaling(sides.target, arguments, voice)
        var pairs: [CopyPreparation.Pair] = []
        var names: Set<String> = []
        for (source, target) in arguments.selection {
            let own = arguments.own(of: source.text, into: target.text)
            if source.kind == .stream {
                let stream = StreamStore(STDIN_FILENO, called: "stdin")
                let table = TargetTable(name: target.text, client: client, scaling: scaling)
                let export = try await described(
                    ReadExport(stream: StreamStore.fileName), in: stream,
                    SourceTable(name: table.name, reader: table.reader), own)
                return [(.export(export), table)]
            }
            var place = try await place(source, .source, sides, arguments, voice)
            place.purpose = purpose
            for chosen in try await place.exports(own, voice) {
                let name = NamePattern(target.text).filled(with: chosen.stars)
                guard names.insert(name).inserted else {
                    throw CommandFailure(
                        "two exports would both be copied to \(name)",
                        hints: ["--latest takes the newest of each table; or name one export"])
                }
                let table = TargetTable(name: name, client: client, scaling: scaling)
                let reader = SourceTable(name: name, reader: table.reader)
                let (export, follows) = try await goingOn(chosen, place, reader, jobs)
                for note in export.notes { voice.note(note) }
                var source = try await described(export, in: place.files, reader, own)
                source.follows = follows
                pairs.append((.export(source), table))
            }
        }
        return pairs
    }

    /// Windows alone go on from what a job is known to have brought into the table.
    /// - Returns: those that are left of them, and when that job wrote last, in seconds since 1970.
    private static func goingOn(
        _ chosen: FilesPlace.Chosen, _ place: FilesPlace, _ table: SourceTable, _ jobs: JobFolder
    ) async throws -> (export: ReadExport, follows: Double?) {
        guard chosen.export.isOnlyWindows,
            let id = try await describe(table)?.id,
            let applied = jobs.applied(
                toTable: id, but: place.files.title(of: chosen.export.folder))
        else { return (chosen.export, nil) }
        guard applied.job.state.isOver else {
            throw CommandFailure(
                "job \(applied.job.id) has begun to bring exports into \(table.name), and is"
                    + " unfinished",
                hints: [
                    "resume it first: dynaferry jobs status \(applied.job.id) shows its command"
                ])
        }
        let export = try place.joined(
            nil, chosen.windows, applied: (applied.chain.until, applied.job.id))
        return (export, applied.job.updated)
    }

    private static func place(
        _ files: Location, _ side: CopyArguments.FilesSide, _ sides: Sides,
        _ arguments: CopyArguments, _ voice: JobConsole
    ) async throws -> FilesPlace {
        let (base, pattern) = files.baseAndPattern
        guard files.kind == .bucket else {
            let (folder, file) = base.folderAndFile
            let isFile = side == .source && file != nil && FolderStore.isFile(base)
            let store = FolderStore(isFile ? folder : base)
            if !isFile, pattern == nil, let (above, own) = base.folderAbove,
                await isWindowAlone(store)
            {
                return FilesPlace(
                    text: files.text, files: FolderStore(above.isEmpty ? "./" : above),
                    pattern: nil,
                    only: own)
            }
            return FilesPlace(
                text: files.text, files: store, pattern: pattern, file: isFile ? file : nil)
        }
        let location = try S3Location(base)
        let (folder, file) = location.prefix.folderAndFile
        let isFile = side == .source && file.map(ExportListing.isData) == true
        let prefix = isFile ? folder : location.prefix
        let settings = side == .source ? try sides.source : try sides.target
        let bucket = SourceBucket(
            try await sides.bucket(location.bucket, of: settings, arguments, voice))
        try await reach(bucket, prefix, side == .source ? "source" : "target")
        let store = BucketStore(bucket, prefix: prefix)
        if !isFile, pattern == nil, let (above, own) = prefix.folderAbove,
            await isWindowAlone(store)
        {
            return FilesPlace(
                text: files.text, files: BucketStore(bucket, prefix: above), pattern: nil,
                only: own)
        }
        return FilesPlace(
            text: files.text, files: store, pattern: pattern, file: isFile ? file : nil)
    }

    /// The folder of an export without its data: that of an incremental one lies beside it. A
    /// listing that fails here fails again, with its reason, when the place is read.
    private static func isWindowAlone(_ store: any FileStore) async -> Bool {
        let summary = try? await store.listed("manifest-summary.json", patience: .zero)
        guard summary?.isEmpty == false else { return false }
        return (try? await store.listed("data/", patience: .zero))?.isEmpty == true
    }

    /// The table that an export is of, or is to become.
    /// - Parameter table: that it is copied to, or compared with.
    private static func described(
        _ export: ReadExport, in files: any FileStore, _ table: SourceTable,
        _ arguments: CopyArguments
    ) async throws -> ExportedSource {
        var settings = TableSettings()
        var json: JSON
        if let like = arguments.files.like {
            let other = SourceTable(name: like.text, reader: table.reader)
            guard let found = try await describe(other) else {
                throw CommandFailure(
                    "--like: there is no table \(like.text) at \(table.reader.endpoint.url)"
                        + " (\(table.reader.endpoint.region))",
                    hints: ["--key pk:S,sk:N says the keys without a table to look at"])
            }
            json = found.json
        } else if let key = arguments.files.key {
            json = key.table(named: table.name)
        } else if let kept = export.table {
            json = kept.description
            settings = TableSettings(json: kept.settings)
        } else if let found = try await describe(table) {
            json = found.json
        } else {
            throw CommandFailure(
                "\(files.title(of: export.folder)) does not say what keys its table has, and there"
                    + " is no table \(table.name)",
                hints: [
                    "--key pk:S,sk:N says it; --like TABLE makes the target as that table is; or"
                        + " make the target first"
                ])
        }
        json["ItemCount"] = JSON(export.items ?? 0)
        json["TableSizeBytes"] = JSON(export.storedBytes)
        json["TableStatus"] = "ACTIVE"
        do throws(TableDefinitionError) {
            var description = try TableDescription(json)
            description.id = "export \(export.id)"
            var source = ExportedSource(
                files, export, description, settings, in: arguments.files.format)
            if let store = files as? BucketStore {
                source.bucket = (store.bucketName, store.key)
            }
            return source
        } catch {
            throw CommandFailure(
                "\(files.title(of: export.folder)): \(error.description)",
                hints: ["its table.json is damaged: --like TABLE or --key says what it is to be"])
        }
    }

    private static func describe(_ table: SourceTable) async throws -> TableDescription? {
        do {
            return try await table.describeIfExists()
        } catch let error as AWSError {
            throw CopyRefusal(error, side: "table", table.reader.endpoint)
        }
    }
}

extension KeyWords {
    /// Of a new table, on demand, in the members of DescribeTable's `Table`.
    fileprivate func table(named name: String) -> JSON {
        [
            "TableName": .string(name),
            "KeySchema": .array(
                schema.enumerated().map { number, key in
                    [
                        "AttributeName": .string(key.name),
                        "KeyType": number == 0 ? "HASH" : "RANGE",
                    ]
                }),
            "AttributeDefinitions": .array(
                schema.map {
                    ["AttributeName": .string($0.name), "AttributeType": .string($0.type)]
                }),
            "BillingModeSummary": ["BillingMode": "PAY_PER_REQUEST"],
        ]
    }
}

extension TableSelection {
    /// Each table of a pattern gets a folder of its own below the target.
    fileprivate init(toFiles arguments: CopyArguments) {
        let rules = arguments.selection.map { source, target in
            let folder = target.text.hasSuffix("/") ? target.text : target.text + "/"
            return Rule(source.text, source.isPattern ? folder + source.text + "/" : folder)
        }
        self.init(rules: rules, excluded: arguments.excluded.map { NamePattern($0.text) })
    }
}
