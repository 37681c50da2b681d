import JSON

/// StartBulkPutItems, DescribeBulkOperation, ListBulkOperations and CancelBulkOperation (API
/// reference). Conditions of single lines are not here: lines that have one fail.
extension Service {
    func startBulkPutItems(_ request: Parameters, for caller: User?) throws(ServiceError) -> JSON {
        let bulk = try bulkRequest(request, for: caller)
        let token = try request.string("ClientToken")
        if let token { try Self.check(token: token) }
        let schedule = ImportSchedule(changeTime(), phase: tables.phaseDuration)
        let table = try table(of: request, at: schedule.startedAt)
        try admitMutation(of: table, .startBulkPutItems)
        try table.itemLock.writing { () throws(ServiceError) in
            let phase = table.phase(at: schedule.startedAt)
            guard table.servesItems(at: schedule.startedAt) else {
                throw .busy(table.name, phase)
            }
            let isIndexed = table.state(at: schedule.startedAt).indexPhases.values.contains {
                if case .creating = $0 { true } else { false }
            }
            guard !isIndexed else {
                throw .stillInUse("An index is being created: \(table.name)")
            }
        }
        let job = try bulkJobs.start(bulk, into: table, token: token, schedule)
        return ["BulkOperationDescription": job.description()]
    }

    func describeBulkOperation(_ request: Parameters) throws(ServiceError) -> JSON {
        let arn = try Self.operationARN(request)
        guard let job = bulkJobs.job(arn) else { throw .noSuchOperation(arn) }
        return ["BulkOperationDescription": job.description()]
    }

    func cancelBulkOperation(_ request: Parameters) throws(ServiceError) -> JSON {
        let arn = try Self.operationARN(request)
        guard let job = try bulkJobs.cancel(arn, at: time.now) else {
            throw .noSuchOperation(arn)
        }
        return [
            "BulkOperationArn": .string(arn), "BulkOperationStatus": .string(job.status),
        ]
    }

    /// Of a page when none is asked for (API reference, ListBulkOperations).
    private static let pageUsual = 10

    func listBulkOperations(_ request: Parameters) throws(ServiceError) -> JSON {
        let limit = try request.int("MaxResults", from: 1, to: PageToken.limitMax)
        let token = try request.string("NextToken")
        let page = bulkJobs.page(
            before: try token.map(PageToken.place), limit: limit ?? Self.pageUsual)
        var reply: JSON = ["BulkOperationsSummaryList": .array(page.jobs.map { $0.summary() })]
        if let next = page.next { reply["NextToken"] = .string(PageToken.text(next)) }
        return reply
    }

    private static func operationARN(_ request: Parameters) throws(ServiceError) -> String {
        guard let arn = try request.string("BulkOperationArn") else {
            throw .constraint(nil, at: "bulkOperationArn", "Member must not be null")
        }
        return arn
    }

    // MARK: What is asked for

    /// (API reference, StartBulkPutItems.)
    private static let writeUnitsMin = 1_024

    private func bulkRequest(
        _ request: Parameters, for caller: User?
    ) throws(ServiceError) -> BulkRequest {
        let input = try request.structure("InputS3Configuration")
        let output = try request.structure("OutputS3Configuration")
        guard let format = try input.choice("InputFormat", InputForm.Format.self), format != .csv
        else {
            throw .constraint(
                try input.string("InputFormat"), at: "inputS3Configuration.inputFormat",
                "Member must satisfy enum value set: [DYNAMODB_JSON, ION]")
        }
        var form = InputForm(format: format)
        form.compression =
            try input.choice("InputCompressionType", InputForm.Compression.self) ?? .none
        form.takesItemsOnly = true
        try Self.checkEncryption(output)
        var repeated: JSON = [:]
        for name in ["InputS3Configuration", "OutputS3Configuration"] {
            repeated[name] = try request.json(name)
        }
        return BulkRequest(
            source: try InputSource(input, at: "inputS3Configuration"), form: form,
            output: try InputSource(output, at: "outputS3Configuration"),
            reportTypes: try Self.reportTypes(output), tableName: try request.tableName(),
            writeUnitsMax: try request.int("MaxWriteRequestUnits", from: Self.writeUnitsMin),
            tier: try request.choice("PerformanceTier", BulkRequest.Tier.self) ?? .standard,
            mayRead: caller.map { $0.may(.listObjectsV2) && $0.may(.getObject) } ?? true,
            mayWrite: caller?.may(.putObject) ?? true, repeated: repeated)
    }

    private static func reportTypes(
        _ output: Parameters
    ) throws(ServiceError) -> [BulkRequest.ReportType] {
        let path = "outputS3Configuration.outputType"
        guard let names = try output.json("OutputType")?.array else {
            throw .constraint(nil, at: path, "Member must not be null")
        }
        let types = names.compactMap { $0.string.flatMap(BulkRequest.ReportType.init) }
        guard !types.isEmpty, types.count == names.count else {
            throw .constraint(
                "[\(names.count) types]", at: path,
                "Member must satisfy constraint: [Member must satisfy enum value set: [ERROR, "
                    + "CONDITION_CHECK_FAILURE]]")
        }
        return types
    }

    private enum Encryption: String, CaseIterable {
        case aes256 = "AES256"
        case kms = "KMS"
    }

    private static func checkEncryption(_ output: Parameters) throws(ServiceError) {
        let algorithm = try output.choice("S3SseAlgorithm", Encryption.self)
        guard try output.string("S3SseKmsKeyId") == nil || algorithm == .kms else {
            throw .validation("S3SseKmsKeyId can only be specified when S3SseAlgorithm is KMS")
        }
    }
}

extension ServiceError {
    fileprivate static func noSuchOperation(_ arn: String) -> ServiceError {
        ServiceError(
            namespace: .service, name: "ResourceNotFoundException",
            message: "Requested resource not found: BulkOperation: \(arn) not found")
    }
}
