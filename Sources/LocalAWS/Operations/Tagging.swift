import JSON

/// ListTagsOfResource, TagResource and UntagResource (API reference). The two writers answer with
/// an empty body.
extension Service {
    /// Tags in one reply: few, so that clients meet `NextToken`. The service does not say how many.
    private static let tagsPageMax = 10

    func listTags(_ request: Parameters) throws(ServiceError) -> JSON {
        let table = try taggedTable(request, .listTagsOfResource)
        let tags = table.itemLock.reading { table.features.tags.tags }
        var start = 0
        if let token = try request.string("NextToken") {
            guard let place = tags.firstIndex(where: { $0.key == token }) else {
                throw .validation("Invalid NextToken")
            }
            start = place + 1
        }
        let page = tags[start...].prefix(Self.tagsPageMax)
        var reply: JSON = [
            "Tags": .array(page.map { ["Key": .string($0.key), "Value": .string($0.value)] })
        ]
        if page.endIndex < tags.count { reply["NextToken"] = (page.last?.key).map(JSON.string) }
        return reply
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
