import DynamoModel
import JSON

/// Units a second that a table or an index takes at once (guide, "Warm throughput").
package struct WarmUnits: Equatable, Sendable {
    var reads: Int
    var writes: Int

    /// What billing alone gives.
    init(_ billing: Billing) {
        switch billing {
        case .onDemand:
            reads = ServiceLimits.onDemandReadUnits
            writes = ServiceLimits.onDemandWriteUnits
        case .provisioned(let units):
            reads = units.readUnits ?? 1
            writes = units.writeUnits ?? 1
        }
    }

    /// What billing gives, raised by what was asked for.
    init(_ billing: Billing, asked: WarmUnits?) {
        self.init(billing)
        reads = max(reads, asked?.reads ?? 0)
        writes = max(writes, asked?.writes ?? 0)
    }

    /// Reads a `WarmThroughput` (API reference); what it leaves out stays as it is.
    ///
    /// - Parameter owner: `table`, or `index` and its name.
    /// - Parameter reason: what the service says of units below the present ones.
    init(
        _ json: JSON, over present: WarmUnits, of owner: String,
        reason: (_ isRead: Bool) -> String
    ) throws(ServiceError) {
        self = present
        for (member, path, isRead) in [
            ("ReadUnitsPerSecond", \WarmUnits.reads, true),
            ("WriteUnitsPerSecond", \WarmUnits.writes, false),
        ] {
            guard let units = json[member]?.int(in: .min ... .max) else { continue }
            guard units >= present[keyPath: path] else {
                throw .invalid(
                    "Requested \(member) for WarmThroughput for \(owner) is lower than "
                        + reason(isRead))
            }
            self[keyPath: path] = units
        }
    }
}
