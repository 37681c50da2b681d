import JSON
import Pacing

/// GetResourcePolicy, PutResourcePolicy and DeleteResourcePolicy (API reference), of tables and
/// their streams.
extension Service {
    func getResourcePolicy(_ request: Parameters) throws(ServiceError) -> JSON {
        let (table, resource) = try policyOwner(request, .getResourcePolicy)
        let policy = table.itemLock.reading { table.features.policies.policy(of: resource) }
        guard let policy else {
            throw ResourcePolicies.notFound(try resourceARN(request))
        }
        return ["Policy": .string(policy.document), "RevisionId": .string(policy.revision)]
    }

    func putResourcePolicy(_ request: Parameters) throws(ServiceError) -> JSON {
        guard let document = try request.string("Policy") else {
            throw .constraint(nil, at: "policy", "Member must not be null")
        }
        let (table, resource) = try policyOwner(request, .putResourcePolicy)
        let expected = try request.string("ExpectedRevisionId")
        try admitMutation(of: table, .putResourcePolicy)
        let new = tables.nextRevision(clock)
        let revision = try table.itemLock.writing { () throws(ServiceError) in
            try table.features.policies.put(
                document, on: resource, expecting: expected, revision: new)
        }
        return ["RevisionId": .string(revision)]
    }

    func deleteResourcePolicy(_ request: Parameters) throws(ServiceError) -> JSON {
        let (table, resource) = try policyOwner(request, .deleteResourcePolicy)
        let expected = try request.string("ExpectedRevisionId")
        try admitMutation(of: table, .deleteResourcePolicy)
        let revision = try table.itemLock.writing { () throws(ServiceError) in
            try table.features.policies.remove(from: resource, expecting: expected)
        }
        return ["RevisionId": .string(revision)]
    }

    private func policyOwner(
        _ request: Parameters, _ operation: Operation
    ) throws(ServiceError) -> (Table, TableResource) {
        let arn = try resourceARN(request)
        let resource = try tables.resource(arn, operation: operation)
        guard resource.isInRegion else { throw .invalid("Invalid resource Arn: \(arn)") }
        let now = time.now
        guard let table = tables.table(named: resource.table, at: now) else {
            throw .noSuchTable(resource.table)
        }
        if let label = resource.streamLabel {
            let latest = table.itemLock.reading { table.features.stream.label }
            guard label == latest else {
                throw ServiceError(
                    namespace: .service, name: "ResourceNotFoundException",
                    message: "Requested resource not found: Stream: \(arn) not found")
            }
        }
        return (table, resource)
    }
}
