import DynamoModel
import JSON
import System

/// ImportTable, DescribeImport and ListImports (API reference).
extension Service {
    func importTable(_ request: Parameters, for caller: User?) throws(ServiceError) -> JSON {
        let wanted = try importRequest(request, for: caller)
        try admitMutation(ofTableNamed: wanted.definition.name, .importTable)
        let schedule = ImportSchedule(changeTime(), phase: tables.phaseDuration)
        let job = try imports.start(wanted, schedule)
        return ["ImportTableDescription": job.description(at: schedule.startedAt)]
    }

    func describeImport(_ request: Parameters) throws(ServiceError) -> JSON {
        guard let arn = try request.string("ImportArn") else {
            throw .constraint(nil, at: "importArn", "Member must not be null")
        }
        guard arn.hasPrefix(tables.arn(of: "")), arn.contains("/import/") else {
            throw .validation("Invalid ImportArn: \(arn) is not the ARN of an import")
        }
        guard let job = imports.job(arn) else {
            throw ServiceError(
                namespace: .service, name: "ImportNotFoundException",
                message: "Import not found: \(arn)")
        }
        return ["ImportTableDescription": job.description(at: time.now)]
    }

    func listImports(_ request: Parameters) throws(ServiceError) -> JSON {
        let limit = try request.int("PageSize", from: 1, to: PageToken.limitMax)
        let token = try request.string("NextToken")
        let page = imports.page(
            of: try request.string("TableArn"), before: try token.map(PageToken.place),
            limit: limit ?? PageToken.limitMax)
        let now = time.now
        var reply: JSON = ["ImportSummaryList": .array(page.jobs.map { $0.summary(at: now) })]
        if let next = page.next { reply["NextToken"] = .string(PageToken.text(next)) }
        return reply
    }

    // MARK: What is asked for

    private func importRequest(
        _ request: Parameters, for caller: User?
    ) throws(ServiceError) -> ImportRequest {
        let source = try request.structure("S3BucketSource")
        let form = try inputForm(request)
        let creation = try request.structure("TableCreationParameters")
        guard let name = try creation.string("TableName") else {
            throw .constraint(
                nil, at: "tableCreationParameters.tableName", "Member must not be null")
        }
        try TableName.check(name, at: "tableCreationParameters.tableName")
        try Self.refuseIgnored(creation)
        let check = try DefinitionCheck(creation)
        let definition = try check.definition(named: name)
        guard let schema = definition.schema else { throw .internalError }
        var features = TableFeatures()
        features.indexWarm = try check.indexWarm().mapValues { DelayedSetting($0) }
        if let encryption = try creation.json("SSESpecification") {
            features.encryptionKey = DelayedSetting(
                try EncryptionRequest(encryption).keyARN(in: tables))
        }
        return ImportRequest(
            source: try InputSource(source, at: "s3BucketSource"), form: form,
            definition: definition, schema: schema, features: features,
            token: try clientToken(request),
            mayRead: caller.map { $0.may(.listObjectsV2) && $0.may(.getObject) } ?? true,
            repeated: try Self.repeated(request, form))
    }

    /// Members of CreateTable that ImportTable does not have. The service ignores them, as all that
    /// it does not know; here they are refused, so that a mistake in a test is seen.
    private static func refuseIgnored(_ creation: Parameters) throws(ServiceError) {
        let ignored = [
            "LocalSecondaryIndexes", "Tags", "StreamSpecification", "TableClass",
            "DeletionProtectionEnabled", "ResourcePolicy", "WarmThroughput",
        ]
        for name in ignored where creation[name] != nil {
            throw .validation(
                "ImportTable has no parameter TableCreationParameters.\(name): the service "
                    + "ignores it")
        }
        try creation.refuse("VectorIndexes")
    }

    private func inputForm(_ request: Parameters) throws(ServiceError) -> InputForm {
        guard let format = try request.choice("InputFormat", InputForm.Format.self) else {
            throw .constraint(nil, at: "inputFormat", "Member must not be null")
        }
        var form = InputForm(format: format)
        form.compression =
            try request.choice("InputCompressionType", InputForm.Compression.self) ?? .none
        guard request["InputFormatOptions"] != nil else { return form }
        let options = try request.structure("InputFormatOptions")
        guard options["Csv"] != nil else { return form }
        guard format == .csv else {
            throw .validation(
                "InputFormatOptions.Csv can only be specified when InputFormat is CSV")
        }
        form.csv = try Self.csv(try options.structure("Csv"))
        return form
    }

    private static let delimiters = ",;:|\t "
    private static let headersMax = 255

    private static func csv(_ options: Parameters) throws(ServiceError) -> InputForm.CSV {
        var csv = InputForm.CSV()
        if let text = try options.string("Delimiter") {
            guard text.utf8.count == 1, let byte = text.utf8.first,
                delimiters.utf8.contains(byte)
            else {
                throw .constraint(
                    text, at: "inputFormatOptions.csv.delimiter",
                    "Member must satisfy regular expression pattern: [,;:|\\t ]")
            }
            csv.delimiter = byte
        }
        guard let names = try options.json("HeaderList") else { return csv }
        let header = (names.array ?? []).compactMap(\.string)
        guard (1...headersMax).contains(header.count), header.allSatisfy({ !$0.isEmpty }),
            Set(header).count == header.count, header.count == names.array?.count
        else {
            throw .constraint(
                "[\(header.count) names]", at: "inputFormatOptions.csv.headerList",
                "Member must have from 1 to \(headersMax) names that differ")
        }
        csv.header = header
        return csv
    }

    private func clientToken(_ request: Parameters) throws(ServiceError) -> String {
        guard let token = try request.string("ClientToken") else { return imports.makeToken() }
        try Self.check(token: token)
        return token
    }

    static func check(token: String) throws(ServiceError) {
        guard !token.isEmpty, !token.contains("$") else {
            throw .constraint(
                token, at: "clientToken",
                "Member must satisfy regular expression pattern: ^[^\\$]+$")
        }
    }

    /// What the description says of the request; the owner of the bucket is always named.
    private static func repeated(
        _ request: Parameters, _ form: InputForm
    ) throws(ServiceError) -> JSON {
        var source = try request.json("S3BucketSource") ?? [:]
        source["S3BucketOwner"] = source["S3BucketOwner"] ?? .string(Tables.account)
        var repeated: JSON = [
            "S3BucketSource": source, "InputFormat": .string(form.format.rawValue),
            "InputCompressionType": .string(form.compression.rawValue),
        ]
        for name in ["InputFormatOptions", "TableCreationParameters"] {
            repeated[name] = try request.json(name)
        }
        return repeated
    }
}

/// The tokens of lists of jobs: a place in the list, as many digits as the model wants.
enum PageToken {
    /// Jobs of a page (API reference, ListImports).
    static let limitMax = 25
    private static let digits = 112

    static func text(_ place: Int) -> String {
        let text = String(place)
        return String(repeating: "0", count: digits - text.count) + text
    }

    static func place(_ text: String) throws(ServiceError) -> Int {
        guard text.utf8.count == digits, let place = CheckedNumber.int(text, in: 0...Int.max)
        else { throw .validation("Invalid NextToken") }
        return place
    }
}

extension Parameters {
    /// A member that is a structure, and required.
    func structure(_ name: String) throws(ServiceError) -> Parameters {
        guard let bytes = self[name] else {
            throw .constraint(nil, at: name.lowerFirst, "Member must not be null")
        }
        return try Parameters(bytes)
    }
}
