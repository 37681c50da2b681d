extension Tables {
    /// The tables that a request names, by their own names. Whether there are such is not asked.
    package func names(in request: Parameters) -> [String] {
        if let batch = request["RequestItems"] {
            // What is wrong with it is for the operation to say.
            let members = (try? Parameters(batch))?.names ?? []
            return members.map(bareName)
        }
        if let creation = request["TableCreationParameters"] {
            return (try? Parameters(creation).string("TableName")).flatMap { $0 }.map { [$0] } ?? []
        }
        for member in ["TableName", "ResourceArn", "TableArn", "ExportArn"] {
            guard let name = (try? request.string(member)) ?? nil else { continue }
            let bare = bareName(name)
            // An ARN of an index, a stream or an export goes on behind the table's name.
            return [bare.split(separator: "/").first.map(String.init) ?? bare]
        }
        return []
    }
}
