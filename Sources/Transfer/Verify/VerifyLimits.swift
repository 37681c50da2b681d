import Connectors
import DynamoModel
import Flow
import Status

/// What the verification of one table is held to.
struct VerifyLimits: Equatable, Sendable {
    var source: ReadLimit
    var target: ReadLimit
    var write: WriteLimits
    /// Items that are repaired at a time at most.
    var writesMax = 64

    /// A side, by what it is held to.
    struct Side {
        var definition: TableDefinition
        /// Nothing is charged for reading it.
        var isFiles = false

        init(definition: TableDefinition) { self.definition = definition }

        init(_ side: TableVerification.Side) {
            definition = side.description.definition
            isFiles = side.place.export != nil
        }
    }

    init(
        _ asked: RequestedLimits, source: TableDefinition, target: TableDefinition, isRepaired: Bool
    ) throws(CopyRefusal) {
        try self.init(
            asked, source: Side(definition: source), target: Side(definition: target),
            isRepaired: isRepaired)
    }

    /// - Parameter isRepaired: something is written.
    /// - Throws: when a percentage is asked for of a table that has nothing to take it of.
    init(
        _ asked: RequestedLimits, source: Side, target: Side, isRepaired: Bool
    ) throws(CopyRefusal) {
        var written = asked
        if source.isFiles { written.readUnits = nil }
        // Of a target that is only read, what may be written is not looked at.
        if !isRepaired { written.writeUnits = nil }
        let limits = try ResolvedLimits(
            written, source: source.definition, target: target.definition)
        self.source = source.isFiles ? ReadLimit() : limits.read
        self.target =
            target.isFiles
            ? ReadLimit()
            : try ResolvedLimits.read(
                asked.targetReadUnits, of: target.definition, "--target-read-units")
        // Nothing is held to it that writes nothing.
        write = isRepaired ? limits.write : WriteLimits()
        writesMax = asked.writesMax ?? writesMax
    }

    init(
        _ asked: RequestedLimits, _ subject: TableVerification.Subject
    ) throws(CopyRefusal) {
        try self.init(
            asked, source: Side(subject.source), target: Side(subject.target),
            isRepaired: subject.repaired != nil)
    }

    /// As far as a copy has such.
    var units: ResolvedLimits { ResolvedLimits(read: source, write: write) }
}
