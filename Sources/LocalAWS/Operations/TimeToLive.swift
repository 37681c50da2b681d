import DynamoModel
import JSON

/// DescribeTimeToLive and UpdateTimeToLive (API reference).
extension Service {
    func describeTimeToLive(_ request: Parameters) throws(ServiceError) -> JSON {
        let now = time.now
        let table = try table(of: request, at: now)
        let phase = table.phase(at: now)
        switch phase {
        case .creating, .deleting:
            throw .validation(
                "Cannot describe time to live while table is in \(phase.status) state: Current "
                    + "table state is \(phase.status)")
        case .active, .updating: break
        }
        let description = table.itemLock.reading { table.features.timeToLive.description(at: now) }
        return ["TimeToLiveDescription": description]
    }

    func updateTimeToLive(_ request: Parameters) throws(ServiceError) -> JSON {
        guard let specification = try request.json("TimeToLiveSpecification") else {
            throw .constraint(nil, at: "timeToLiveSpecification", "Member must not be null")
        }
        let path = "timeToLiveSpecification"
        guard let isEnabled = specification["Enabled"]?.bool else {
            throw .constraint(nil, at: "\(path).enabled", "Member must not be null")
        }
        let name = try KeySchemaCheck.name(
            specification["AttributeName"], at: "\(path).attributeName")
        try change(request, .updateTimeToLive) { (table, now) throws(ServiceError) in
            guard table.servesItems(at: now) else { throw .busy(table.name, table.phase(at: now)) }
            try table.features.timeToLive.change(
                to: name, isEnabled: isEnabled, at: now, settledAt: tables.phaseEnd(from: now))
        }
        return [
            "TimeToLiveSpecification": [
                "Enabled": .bool(isEnabled), "AttributeName": .string(name),
            ]
        ]
    }
}
