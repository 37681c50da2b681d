import DynamoModel

/// How two tables relate: what is the same table, by whichever name and address, must never be
/// copied onto itself.
package enum TableRelation: Equatable {
    case unrelated
    case same
    /// Replicas of one global table: the same name in the same account, each in its region.
    case replica
    /// They may be the same: what their servers say does not decide it.
    case uncertain

    /// A table's id is its own, and so are its name, ARN and creation time together. Servers other
    /// than AWS's may give no id, and the same ARNs to tables that have nothing to do with each
    /// other.
    /// - Parameter isSameEndpoint: both are reached at the same address.
    package init(_ one: TableDescription, _ other: TableDescription, isSameEndpoint: Bool) {
        let hasIDs = one.id != nil && other.id != nil
        let isSameName = one.definition.name == other.definition.name
        let isSameARN = one.arn != nil && one.arn == other.arn
        let isUnnamed = one.arn == nil && other.arn == nil
        let isSameTime = one.created != nil && one.created == other.created
        let areTimesKnown = one.created != nil && other.created != nil

        if hasIDs && one.id == other.id
            || isSameEndpoint && (isSameARN || isUnnamed && isSameName)
            || !hasIDs && isSameName && isSameTime && (isSameARN || isSameEndpoint)
        {
            self = .same
        } else if Self.areReplicas(one, other) {
            self = .replica
        } else if hasIDs || !isSameName || one.schema != other.schema
            || areTimesKnown && !isSameTime
        {
            self = .unrelated
        } else {
            self = .uncertain
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
