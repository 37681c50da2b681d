import JSON

/// Checks a `ProvisionedThroughput` (API reference): both numbers, at least 1 each.
enum ThroughputCheck {
    private static let unitsMax = 1_000_000_000_000

    static func check(_ json: JSON, at path: String) throws(ServiceError) {
        for member in ["WriteCapacityUnits", "ReadCapacityUnits"] {
            guard let units = json[member]?.int else {
                throw .constraint(
                    nil, at: "\(path).\(member.lowerFirst)", "Member must not be null")
            }
            guard units >= 1 else {
                throw .constraint(
                    String(units), at: "\(path).\(member.lowerFirst)",
                    "Member must have value greater than or equal to 1")
            }
            guard units <= unitsMax else {
                throw .validation("Given value \(units) for \(member) is out of bounds")
            }
        }
    }
}
