import DynamoDB
import DynamoModel
import Jobs
import Status

/// What is asked and refused before DynamoDB makes the target of files by itself.
extension CopyPreflight {
    /// ImportTable makes the target and fills it.
    var isImported: Bool { options.load == .importTable }

    /// ImportTable reads all objects whose keys begin so, and no manifest.
    func checkImport(_ findings: Findings) throws(CopyRefusal) {
        guard case .export(let export) = source, export.bucket != nil else {
            throw CopyRefusal(
                "--load import-table: DynamoDB imports from buckets alone",
                hint: "leave --load out: dynaferry writes the items then")
        }
        guard export.export.items != nil else {
            throw CopyRefusal(
                "--load import-table: \(export.title) has no manifest, and nothing tells which of"
                    + " its files are meant",
                hint: "leave --load out: dynaferry reads them as they are")
        }
        guard !export.export.hasUnlisted else {
            throw CopyRefusal(
                "--load import-table: files lie below \(export.title)data/ that its manifest does"
                    + " not list, and DynamoDB would import them too",
                hint: "move them away, or leave --load out")
        }
        guard compression(of: export) != nil else {
            throw CopyRefusal(
                "--load import-table: the files of \(export.title) are compressed in more than one"
                    + " way, and DynamoDB takes one", hint: "leave --load out")
        }
        let local = findings.source.definition.localIndexes
        guard local.isEmpty else {
            throw CopyRefusal(
                "--load import-table: \(findings.source.definition.name) has"
                    + " \(local.count.counted("local index", "local indexes")), which ImportTable"
                    + " can't make",
                hint: "leave --load out: dynaferry makes the table, and writes the items")
        }
    }

    /// A new job: there must be no table.
    /// - Parameter finished: the job that has imported it, if one has.
    func checkNew(finished: JobRecord? = nil) throws(CopyRefusal) {
        guard isImported else { return }
        let reason = finished.map { ": job \($0.id) has imported it" }
        throw CopyRefusal(
            "--load import-table: there is a table \(target.name)"
                + (reason ?? ", and ImportTable makes new ones alone"),
            hint: "leave --load out: dynaferry writes into it; or name another target")
    }

    /// A job that is resumed: the table may be the import's own.
    func checkResuming(
        _ requests: [ServiceRequest], _ findings: Findings
    ) throws(CopyRefusal) {
        guard let request = requests.first, findings.target != nil else { return }
        if let code = request.failureCode {
            throw CopyRefusal(
                "DynamoDB has given up the import into \(target.name) (\(code)), and left the"
                    + " table with what it had imported",
                hint: "delete \(target.name), then the same command imports it anew; or copy"
                    + " without --load, and with --merge")
        }
        guard request.sent != nil else { return try checkNew() }
    }

    /// What DynamoDB is asked.
    func importRequest(
        _ findings: Findings, token: String
    ) throws(CopyRefusal) -> ServiceRequest {
        guard case .export(let export) = source, let bucket = export.bucket,
            let compression = compression(of: export)
        else { preconditionFailure("\(source.name) was to be imported without being looked at") }
        var request = ImportRequest(
            findings.plan(options, as: target.name, isOwn: true).creation, token: token,
            bucket: bucket.name, prefix: bucket.key + export.export.folder + "data/", compression)
        request.bucketOwner = options.bucketOwner
        return ServiceRequest(request.body)
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
