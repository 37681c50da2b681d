/// What the service charges for, by the rounding rules of the guide's page "Read and write
/// operations".
package enum CapacityUnits {
    /// Write units of one put of `bytes` stored bytes: every item is rounded up by itself.
    package static func write(bytes: Int) -> Int {
        max(1, (bytes + ServiceLimits.writeUnitBytes - 1) / ServiceLimits.writeUnitBytes)
    }

    /// Read units of one Scan page whose items sum to `bytes` stored bytes: the sum is rounded up
    /// once, and halved when the read may be eventually consistent.
    package static func scan(bytes: Int, consistent: Bool) -> Double {
        let blocks = max(1, (bytes + ServiceLimits.readUnitBytes - 1) / ServiceLimits.readUnitBytes)
        return consistent ? Double(blocks) : Double(blocks) / 2
    }
}
