import Jobs
import Status
import Testing

@testable import Flow
@testable import Transfer

/// Goal: so many tables are copied at a time that a limit over all of them is used.
@Suite struct JobWidthTests {
    private func width(_ own: [Double?], read: Double? = nil, write: Double? = nil) -> Int {
        let tables = own.map { limit in
            ResolvedLimits(
                read: ReadLimit(unitsPerSecond: limit), write: WriteLimits(table: limit))
        }
        return UnitTotals(read: read, write: write).width(
            of: tables, usual: JobRecord.Kind.copy.widthUsual)
    }

    @Test func `four suffice where little is needed, or each may take much`() {
        #expect(width([nil, nil, nil, nil, nil, nil], write: 1_000) == 4)
        #expect(width([Double?](repeating: nil, count: 40)) == 4)
        #expect(width([Double?](repeating: 20_000, count: 40)) == 4)
    }

    @Test func `tables with low limits of their own run beside each other`() {
        let own = [Double?](repeating: 100, count: 30)
        #expect(width(own, write: 800) == 8)
        #expect(width(own, read: 650) == 7)
        #expect(width(own, read: 200, write: 1_200) == 12)
        // With nothing in common each goes by its own.
        #expect(width(own) == 30)
        #expect(width([Double?](repeating: 5, count: 31)) == 31)
    }

    @Test func `never more than is bearable, nor more than a new table on demand needs`() {
        #expect(width([Double?](repeating: 5, count: 40), write: 10_000) == 32)
        #expect(width([Double?](repeating: 5, count: 40)) == 32)
        // Each takes 4,000 at first.
        #expect(width([Double?](repeating: nil, count: 40), write: 24_000) == 6)
    }
}
