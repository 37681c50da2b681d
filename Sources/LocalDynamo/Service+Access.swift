import JSON

/// Who may do what, and on which tables it was asked for.
extension Service {
    /// Throws when the user may not do what the request asks for. What a table is created with
    /// takes permissions of its own (guide, "Tagging", "Resource-based policies").
    func authorize(
        _ user: User?, _ operation: Operation, _ request: Parameters
    ) throws(ServiceError) {
        guard let user else { return }
        var needed = [operation]
        if operation == .createTable {
            if request["Tags"] != nil { needed.append(.tagResource) }
            if request["ResourcePolicy"] != nil { needed.append(.putResourcePolicy) }
        }
        guard let denied = needed.first(where: { !user.may($0) }) else { return }
        throw .denied(
            operation: denied.rawValue, resource: tables.arn(of: tableNames(request).first ?? "*"),
            user: user.name, reason: .noIdentityPolicy)
    }

    /// The tables that a request names, by their own names. Whether there are such is not asked.
    func tableNames(_ request: Parameters) -> [String] {
        if let batch = request["RequestItems"] {
            // What is wrong with it is for the operation to say.
            let members = (try? Parameters(batch))?.names ?? []
            return members.map(tables.bareName)
        }
        for member in ["TableName", "ResourceArn"] {
            guard let name = (try? request.string(member)) ?? nil else { continue }
            let bare = tables.bareName(name)
            // An ARN of an index or a stream goes on behind the table's name.
            return [bare.split(separator: "/").first.map(String.init) ?? bare]
        }
        return []
    }
}
