import DynamoDB
import DynamoModel
import Jobs
import Pacing
import Status
import System

/// What is asked and refused before DynamoDB makes the target of files by itself.
extension CopyPreflight {
    /// ImportTable makes the target and fills it.
    var isImported: Bool { options.load == .importTable }

    /// What DynamoDB loads are all objects whose keys begin so: it reads no manifest.
    func checkLoad(_ load: ServiceLoad, _ findings: Findings) throws(CopyRefusal) {
        let option = "--load \(load.rawValue)"
        guard case .export(let export) = source, export.bucket != nil else {
            throw CopyRefusal(
                "\(option): DynamoDB loads only files in buckets",
                hint: "leave --load out: dynaferry writes the items then")
        }
        guard options.transform.isNone, !options.skipsExpired else {
            throw CopyRefusal(
                "\(option): items of \(target.name) are chosen or changed, and DynamoDB loads them"
                    + " as they are",
                hint: "leave --load out for this table")
        }
        guard export.export.windows.isEmpty else {
            throw CopyRefusal(
                "\(option): DynamoDB loads no incremental exports",
                hint: "leave --load out; or load the full export alone, by the name of its folder,"
                    + " then apply the others with --merge --apply-deletes")
        }
        guard export.export.items != nil else {
            throw CopyRefusal(
                "\(option): \(export.title) has no manifest, and nothing tells which of"
                    + " its files are meant",
                hint: "leave --load out: dynaferry reads them as they are")
        }
        guard !export.export.hasUnlisted else {
            throw CopyRefusal(
                "\(option): files lie below \(export.title)data/ that its manifest does"
                    + " not list, and DynamoDB would load them too",
                hint: "move them away, or leave --load out")
        }
        guard !export.export.data.contains(where: { $0.name.contains(".ion") }) else {
            throw CopyRefusal(
                "\(option): the files of \(export.title) are in ION", hint: "leave --load out")
        }
        guard compression(of: export) != nil else {
            throw CopyRefusal(
                "\(option): the files of \(export.title) are compressed in more than one"
                    + " way, and DynamoDB takes one", hint: "leave --load out")
        }
        try checkTarget(of: load, findings)
    }

    /// What can be refused before there are files.
    func checkTarget(of load: ServiceLoad, _ findings: Findings) throws(CopyRefusal) {
        switch load {
        case .importTable: try checkImport(findings)
        case .bulkPut: try checkBulkPut(findings)
        }
    }

    private func checkImport(_ findings: Findings) throws(CopyRefusal) {
        let local = findings.source.definition.localIndexes
        guard local.isEmpty else {
            throw CopyRefusal(
                "--load import-table: \(findings.source.definition.name) has"
                    + " \(local.count.counted("local index", "local indexes")), which ImportTable"
                    + " can't make",
                hint: "leave --load out: dynaferry makes the table, and writes the items")
        }
    }

    private func checkBulkPut(_ findings: Findings) throws(CopyRefusal) {
        if let replicas = findings.target?.replicaRegions, !replicas.isEmpty {
            throw CopyRefusal(
                "--load bulk-put: \(target.name) is a global table, into which DynamoDB puts none",
                hint: "leave --load out: dynaferry writes the items then")
        }
        if case .percent? = options.limits.writeUnits {
            throw CopyRefusal(
                "--write-units: bulk-put takes units a second, and no share of the table's",
                hint: "write --write-units N, or leave --load out")
        }
        guard let units = bulkUnits, units < BulkPutRequest.writeUnitsMin else { return }
        throw CopyRefusal(
            "--write-units: \(units.grouped), but bulk-put takes no limit below"
                + " \(BulkPutRequest.writeUnitsMin.grouped) units a second",
            hint: "raise it, or leave --load out")
    }

    /// Of `--write-units`.
    private var bulkUnits: Int? {
        if case .perSecond(let units)? = options.limits.writeUnits {
            Int(clamping: units)
        } else {
            nil
        }
    }

    /// A new job: there must be no table.
    /// - Parameter finished: the job that has imported it, if one has.
    func checkNew(
        finished: JobRecord? = nil, isImported: Bool? = nil
    ) throws(CopyRefusal) {
        guard isImported ?? self.isImported else { return }
        if let finished {
            throw CopyRefusal(
                "job \(finished.id) has imported \(target.name), and is finished",
                hint: "--only-changed, from table to table, copies what differs since; or name"
                    + " another target")
        }
        throw CopyRefusal(
            "--load import-table: there is a table \(target.name), and ImportTable only makes new"
                + " ones",
            hint: "leave --load out: dynaferry writes into it; or name another target")
    }

    /// A job that is resumed: the table may be the import's own.
    func checkResuming(
        _ requests: [ServiceRequest], _ findings: Findings
    ) throws(CopyRefusal) {
        guard let request = requests.first, findings.target != nil else { return }
        if let code = request.failureCode {
            // Nothing of the job's was begun, or ended before it made the table.
            guard !Self.codesWithoutTable.contains(code) else { return try checkNew() }
            throw CopyRefusal(
                "DynamoDB has given up the import into \(target.name) (\(code)), and left the"
                    + " table with what it had imported",
                hint: "delete \(target.name), then the same command imports it anew; or copy"
                    + " without --load, and with --merge")
        }
        guard request.sent != nil else { return try checkNew() }
    }

    private static let codesWithoutTable: Set = [
        "TableAlreadyExists", "ImportConflictException", "IdempotentParameterMismatchException",
    ]

    /// What DynamoDB has done is not done again into a table that is there.
    func checkRestart(_ findings: Findings) throws(CopyRefusal) {
        guard isImported, findings.target != nil else { return }
        throw CopyRefusal(
            "--restart: there is the table \(target.name), and ImportTable only makes new ones",
            hint: "delete it first; or copy without --load, and with --merge")
    }

    /// What DynamoDB is asked; nothing where it is not to load the target.
    func loadRequests(
        _ findings: Findings, using generator: inout SeededGenerator
    ) throws(CopyRefusal) -> [ServiceRequest] {
        guard let load = options.load else { return [] }
        guard case .export(let export) = source, let bucket = export.bucket,
            let compression = compression(of: export)
        else { preconditionFailure("\(source.name) was to be loaded without being looked at") }
        let token = ServiceRequest.token(using: &generator)
        let folder = bucket.key + export.export.folder
        switch load {
        case .importTable:
            var request = ImportRequest(
                findings.plan(options, as: target.name, isOwn: true).creation, token: token,
                bucket: bucket.name, prefix: folder + "data/", compression)
            request.bucketOwner = options.bucketOwner
            return [ServiceRequest(request.body)]
        case .bulkPut:
            var request = BulkPutRequest(
                into: target.name, token: token, bucket: bucket.name, prefix: folder + "data/",
                compression, reportPrefix: folder + "bulk-put/" + token + "/")
            request.bucketOwner = options.bucketOwner
            request.writeUnits = bulkUnits
            return [ServiceRequest(request.body)]
        }
    }

    /// nil where not all files are compressed alike.
    private func compression(of export: ExportedSource) -> ImportRequest.Compression? {
        let kinds = Set(
            export.export.data.map { file -> ImportRequest.Compression in
                file.name.hasSuffix(".gz") ? .gzip : file.name.hasSuffix(".zst") ? .zstd : .none
            })
        return kinds.count <= 1 ? kinds.first ?? .gzip : nil
    }
}
