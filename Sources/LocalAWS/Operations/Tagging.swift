import JSON

/// ListTagsOfResource, TagResource and UntagResource (API reference). The two writers answer with
/// an empty body.
extension Service {
    /// All tags in one reply: a table has 50 at most, and of 40 others have seen all at once.
    func listTags(_ request: Parameters) throws(ServiceError) -> JSON {
        let table = try taggedTable(request, .listTagsOfResource)
        let tags = table.itemLock.reading { table.features.tags.tags }
        guard request["NextToken"] == nil else { throw .validation("Invalid NextToken") }
        return [
            "Tags": .array(tags.map { ["Key": .string($0.key), "Value": .string($0.value)] })
        ]
    }

    func tagResource(_ request: Parameters) throws(ServiceError) {
        guard let tags = try request.json("Tags")?.array else {
            throw .constraint(nil, at: "tags", "Member must not be null")
        }
        guard !tags.isEmpty else {
            throw .validation("Atleast one Tag needs to be provided as Input.")
        }
        let table = try taggedTable(request, .tagResource)
        try admitMutation(of: table, .tagResource)
        try table.itemLock.writing { () throws(ServiceError) in
            try table.features.tags.add(tags)
        }
    }

    func untagResource(_ request: Parameters) throws(ServiceError) {
        guard let keys = try request.json("TagKeys")?.array else {
            throw .constraint(nil, at: "tagKeys", "Member must not be null")
        }
        guard !keys.isEmpty else {
            throw .validation("Atleast one Tag Key needs to be provided as Input.")
        }
        let table = try taggedTable(request, .untagResource)
        try admitMutation(of: table, .untagResource)
        try table.itemLock.writing { () throws(ServiceError) in
            try table.features.tags.remove(keys.map { $0.string ?? "" })
        }
    }

    private func taggedTable(
        _ request: Parameters, _ operation: Operation
    ) throws(ServiceError) -> Table {
        let arn = try resourceARN(request)
        let resource = try tables.resource(arn, operation: operation)
        guard resource.isInRegion else {
            throw .validation("Invalid TableArn: Invalid ResourceArn provided as input \(arn)")
        }
        guard resource.streamLabel == nil,
            let table = tables.table(named: resource.table, at: time.now)
        else {
            throw ServiceError(
                namespace: .service, name: "ResourceNotFoundException",
                message: "Requested resource not found: ResourcArn: \(arn) not found")
        }
        return table
    }

    func resourceARN(_ request: Parameters) throws(ServiceError) -> String {
        guard let arn = try request.string("ResourceArn") else {
            throw .constraint(nil, at: "resourceArn", "Member must not be null")
        }
        return arn
    }
}
