import DynamoModel
import Pacing

/// Limits over all tables of a job.
extension CopyJob {
    /// Units a second of all tables together; nil where there is no limit.
    package struct Totals: Equatable, Sendable {
        package var read: Double?
        package var write: Double?

        /// - Parameter options: of each table; limits of all are the same in every one.
        init(_ options: [CopyOptions]) {
            read = options.first?.totalReadUnits
            write = options.first?.totalWriteUnits
        }

        package var areNone: Bool { read == nil && write == nil }

        /// What all tables are held to, in words; nil when there is nothing.
        package var description: String? {
            let read = read.map { "at most \($0.unitText) read units" }
            let write = write.map { "at most \($0.unitText) write units" }
            let parts = [read, write].compactMap(\.self)
            guard !parts.isEmpty else { return nil }
            return "all tables together: \(parts.joined(separator: " and ")) a second"
        }
    }

    /// Those that hold now.
    package var totals: Totals { Totals(state.withLock { $0.options }) }

    /// Has the totals hold from now on, for what runs and what will.
    func setTotals(_ totals: Totals) {
        if let read = totals.read { shared.read.setRate(read) }
        if let write = totals.write { shared.write.setRate(write) }
        store.setTotals(totals)
    }

    // MARK: Tables at a time

    /// Tables that are copied at a time unless the user says how many, and at most, where a limit
    /// over all tables would else not be used.
    package static let widthUsual = 4
    package static let widthMax = 16

    /// How many of `tables` are to be copied at a time: so many that even those with the lowest
    /// limits of their own could use what all may together.
    /// - Parameter tables: what each is held to by itself.
    static func width(of tables: [UnitLimits], _ totals: Totals) -> Int {
        let reads = tables.map {
            $0.read.unitsPerSecond ?? Double(ServiceLimits.onDemandReadUnits)
        }
        let writes = tables.map {
            $0.write.table ?? Double(ServiceLimits.onDemandWriteUnits)
        }
        let wanted = max(
            count(of: reads, using: totals.read), count(of: writes, using: totals.write))
        return min(max(wanted, widthUsual), widthMax)
    }

    /// How many of the lowest `limits` come to `total`; 0 where there is none.
    private static func count(of limits: [Double], using total: Double?) -> Int {
        guard let total else { return 0 }
        var sum = 0.0
        let ample = limits.sorted().firstIndex { limit in
            sum += limit
            return sum >= total
        }
        return ample.map { $0 + 1 } ?? limits.count
    }
}
