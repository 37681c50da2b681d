import DynamoModel
import JSON

/// Checks what requests say of throughput, with the service's texts.
enum ThroughputCheck {
    private static let unitsMax = 1_000_000_000_000

    /// A `ProvisionedThroughput` (API reference): both numbers, at least 1 each.
    static func check(_ json: JSON, at path: String) throws(ServiceError) {
        for member in ["WriteCapacityUnits", "ReadCapacityUnits"] {
            guard let units = json[member]?.int(in: .min ... .max) else {
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

    /// An `OnDemandThroughput` (API reference).
    ///
    /// - Parameter mayClear: -1 takes a maximum away, which makes sense only where there is one.
    /// - Parameter owner: `table`, or `index : ` and its name.
    static func checkMaxima(
        _ json: JSON, isOnDemand: Bool, mayClear: Bool, of owner: String
    ) throws(ServiceError) {
        for member in ["MaxReadRequestUnits", "MaxWriteRequestUnits"] {
            guard let units = json[member]?.int(in: .min ... .max) else { continue }
            guard isOnDemand else {
                let whose = owner == "table" ? "" : " for \(owner)"
                throw .invalid(
                    "\(member) for OnDemandThroughput\(whose) cannot be specified when the table "
                        + "BillingMode is PROVISIONED")
            }
            guard units > 0 || (mayClear && units == -1) else {
                throw .invalid(
                    "Requested \(member) for OnDemandThroughput for \(owner) is outside of valid "
                        + "range")
            }
        }
    }

    /// The `WarmThroughput` (API reference) of something that is being created.
    ///
    /// - Parameter owner: `table`, or `index ` and its name.
    static func initialWarm(
        _ json: JSON, _ billing: Billing, of owner: String
    ) throws(ServiceError) -> WarmUnits {
        try WarmUnits(json, over: WarmUnits(billing), of: owner) { isRead in
            billing.isOnDemand
                ? "initial throughput for OnDemand"
                : "\(isRead ? "Read" : "Write")CapacityUnits of ProvisionedThroughput"
        }
    }
}

extension Throughput {
    init(provisioned json: JSON?) {
        self.init(
            readUnits: json?["ReadCapacityUnits"]?.int(in: .min ... .max),
            writeUnits: json?["WriteCapacityUnits"]?.int(in: .min ... .max)
        )
    }
}
