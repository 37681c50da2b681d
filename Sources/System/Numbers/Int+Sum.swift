extension Int {
    /// The sum, or the nearest `Int`: for counts that come from elsewhere, and may be of any
    /// size.
    package func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

extension Sequence<Int> {
    /// The sum of counts that come from elsewhere.
    package var clampedSum: Int { reduce(0) { $0.addingClamped($1) } }
}
