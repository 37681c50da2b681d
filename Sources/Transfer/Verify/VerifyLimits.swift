import Connectors
import DynamoModel
import Flow

/// What the verification of one table is held to.
struct VerifyLimits: Equatable, Sendable {
    var source: ReadLimit
    var target: ReadLimit
    var write: WriteLimits
    /// Items that are repaired at a time at most.
    var writesMax = 64

    /// - Parameter isRepaired: something is written.
    /// - Throws: when a percentage is asked for of a table that has nothing to take it of.
    init(
        _ asked: AskedLimits, source: TableDefinition, target: TableDefinition, isRepaired: Bool
    ) throws(CopyRefusal) {
        var written = asked
        // Of a target that is only read, what may be written is not looked at.
        if !isRepaired { written.writeUnits = nil }
        let limits = try UnitLimits(written, source: source, target: target)
        self.source = limits.read
        self.target = try UnitLimits.read(
            asked.targetReadUnits, of: target, "--target-read-units")
        // Nothing is held to it that writes nothing.
        write = isRepaired ? limits.write : WriteLimits()
        writesMax = asked.writesMax ?? writesMax
    }

    init(
        _ asked: AskedLimits, _ subject: TableVerification.Subject
    ) throws(CopyRefusal) {
        try self.init(
            asked, source: subject.source.description.definition,
            target: subject.target.description.definition, isRepaired: subject.repaired != nil)
    }

    /// As far as a copy has such.
    var units: UnitLimits { UnitLimits(read: source, write: write) }
}
