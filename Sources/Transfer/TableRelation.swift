import DynamoModel

/// How two tables relate: what is the same table, by whichever name, must never be copied onto
/// itself.
enum TableRelation: Equatable {
    case unrelated
    case same
    /// Replicas of one global table: the same name in the same account, each in its region.
    case replica

    /// - Parameter isSameEndpoint: both are reached at the same address. Servers other than AWS's
    ///   give the same ARNs to tables that have nothing to do with each other.
    init(_ one: TableDescription, _ other: TableDescription, isSameEndpoint: Bool) {
        let isSameID = one.id != nil && one.id == other.id
        let isSameARN = one.arn != nil && one.arn == other.arn
        let isSameName =
            one.arn == nil && other.arn == nil && one.definition.name == other.definition.name
        if isSameID || (isSameEndpoint && (isSameARN || isSameName)) {
            self = .same
        } else {
            self = Self.areReplicas(one, other) ? .replica : .unrelated
        }
    }

    private static func areReplicas(_ one: TableDescription, _ other: TableDescription) -> Bool {
        guard one.definition.name == other.definition.name, one.account == other.account,
            let oneRegion = one.region, let otherRegion = other.region, oneRegion != otherRegion
        else { return false }
        return one.replicaRegions.contains(otherRegion)
            || other.replicaRegions.contains(oneRegion)
    }
}
