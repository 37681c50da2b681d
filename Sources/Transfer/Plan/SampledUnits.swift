import Glibc
import System

/// Write units of the items of a sample, and how far the sum over all items may be off.
struct SampledUnits: Equatable, Sendable {
    /// Items looked at, and those of them that are written.
    private(set) var items = 0
    private(set) var entries = 0
    private(set) var units = 0
    private(set) var bytes = 0
    private var squares = 0.0
    /// Only the sum is known: nobody knows how much items differ.
    private let isSumOnly: Bool

    init() { isSumOnly = false }

    /// Of a table of which only the sum is known.
    init(units: Int) {
        self.units = units
        isSumOnly = true
    }

    mutating func add(_ units: Int, bytes: Int) {
        items += 1
        entries += 1
        self.units += units
        self.bytes += bytes
        squares += Double(units) * Double(units)
    }

    /// An item that has no entry in an index.
    mutating func addNone() { items += 1 }

    /// Half of the range in which the units of `all` items lie with a probability of 95 %, as if
    /// the sampled ones had been drawn one by one; nil where nobody knows.
    ///
    /// Of items none of which is in an index, up to three by the number of those seen may be in it
    /// with the same probability, at a unit each. Example: of 100 sampled items of 10,000 half take
    /// 1 unit and half 2, so that they deviate by 0.5025 from their mean: 1.96 * 0.5025 / 10 *
    /// 10,000 * (1 - 1/100)^0.5 = 980.
    func plusMinus(ofAll all: Int) -> Double? {
        guard !isSumOnly, items > 0 else { return nil }
        guard all > items else { return 0 }
        let (count, total) = (Double(items), Double(all))
        guard units > 0 else { return min(1, 3 / count) * total }
        guard items > 1 else { return nil }
        let mean = Double(units) / count
        let variance = max(0, squares - count * mean * mean) / (count - 1)
        return 1.96 * (variance / count).squareRoot() * total * (1 - count / total).squareRoot()
    }
}
