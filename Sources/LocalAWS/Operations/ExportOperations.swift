import DynamoModel
import JSON
import Pacing

/// ExportTableToPointInTime, DescribeExport and ListExports (API reference; what they say was
/// observed where it stands nowhere).
extension Service {
    func exportTable(
        _ request: Parameters, scratch: RequestScratch, for caller: User?
    ) throws(ServiceError) -> JSON {
        let now = time.now
        try exports.admitStart(at: now)
        let export = try ExportRequest(request)
        let path = try exportedTable(export.tableARN)
        guard let table = tables.table(named: path, at: now), !table.isBeingDeleted(at: now) else {
            throw .noTable(export.tableARN)
        }
        let filter = try request["FilterSpecification"].map { bytes throws(ServiceError) in
            try ExportFilter(bytes, of: table.layout, scratch)
        }
        return [
            "ExportDescription": try exports.start(
                export, of: table, filter, for: caller, at: now)
        ]
    }

    /// The name of the table that an ARN names. Only its account is looked at before its shape.
    private func exportedTable(_ text: String) throws(ServiceError) -> String {
        guard let arn = ResourceARN(text) else {
            throw .invalid("tableArn is not a valid ARN")
        }
        guard arn.account == Tables.account else { throw .accessDenied }
        guard let names = arn.names, names.count == 2, names[0] == "table" else {
            throw .invalidRequest("Table ARN is invalid.")
        }
        guard tables.arn(of: names[1]) == text else { throw .noTable(text) }
        return names[1]
    }

    func describeExport(_ request: Parameters) throws(ServiceError) -> JSON {
        try exports.admitLook(at: time.now)
        guard let text = try request.string("ExportArn") else {
            throw .constraint(nil, at: "exportArn", "Member must not be null")
        }
        guard text.utf8.count >= 37 else {
            throw .constraint(
                text, at: "exportArn", "Member must have length greater than or equal to 37")
        }
        guard let arn = ResourceARN(text) else { throw .validation("Invalid Export ARN") }
        guard arn.account == Tables.account else { throw .accessDenied }
        guard let names = arn.names, names.count == 4, names[0] == "table", names[2] == "export"
        else { throw .validation("Invalid Export ARN") }
        guard text.hasPrefix(tables.arn(of: names[1])) else {
            throw .noExport("Invalid export arn")
        }
        guard let description = exports.description(of: text) else {
            throw .noExport("Export not found: \(text)")
        }
        return ["ExportDescription": description]
    }

    func listExports(_ request: Parameters) throws(ServiceError) -> JSON {
        let limit = try request.int("MaxResults", from: 1, to: 25) ?? 10
        var tableID: String?
        if let arn = try request.string("TableArn") {
            let name = try exportedTable(arn)
            // Observed: exports of a table that is gone are not listed under its ARN.
            tableID = tables.table(named: name, at: time.now)?.identifier ?? ""
        }
        let token = try request.string("NextToken")
        let all = exports.list(ofTable: tableID, behind: try token.map(Self.arn(ofToken:)))
        let page = all.prefix(limit)
        var json: JSON = ["ExportSummaries": .array(page.map(\.summary))]
        if page.count < all.count, let last = page.last {
            json["NextToken"] = .string(Self.token(last.arn))
        }
        return json
    }

    // MARK: Tokens

    private static let tokenMark = "exports behind "

    private static func token(_ arn: String) -> String {
        Base64.encode(Array((tokenMark + arn).utf8))
    }

    private static func arn(ofToken token: String) throws(ServiceError) -> String {
        let bytes = Base64.decode(Array(token.utf8)) ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(tokenMark) else {
            throw .invalidRequest("Provided nextToken is invalid: \(token)")
        }
        return String(text.dropFirst(tokenMark.count))
    }
}

/// The parts of an ARN.
private struct ResourceARN {
    let account: Substring
    /// Of the resource, between slashes; nil when one is empty.
    let names: [String]?

    /// Nil for what is no ARN.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn" else { return nil }
        account = parts[4]
        let names = parts[5].split(separator: "/", omittingEmptySubsequences: false)
        self.names = names.contains("") ? nil : names.map(String.init)
    }
}

extension Table {
    fileprivate func isBeingDeleted(at now: Instant) -> Bool {
        if case .deleting = phase(at: now) { true } else { false }
    }
}

extension ServiceError {
    fileprivate static func noTable(_ arn: String) -> ServiceError {
        ServiceError(
            namespace: .service, name: "TableNotFoundException",
            message: "Table not found: \(arn)")
    }

    fileprivate static func noExport(_ reason: String) -> ServiceError {
        ServiceError(
            namespace: .service, name: "ExportNotFoundException",
            message: "Export not found: \(reason)")
    }

    fileprivate static let accessDenied = ServiceError(
        namespace: .coral, name: "AccessDeniedException", message: "Access is denied")

    static let rateExceeded = ServiceError(
        namespace: .availability, name: "ThrottlingException", message: "Rate exceeded")
}
