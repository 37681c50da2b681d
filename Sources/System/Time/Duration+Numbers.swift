extension Duration {
    /// Whole nanoseconds; a duration beyond some 292 years is cut to that.
    package var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole milliseconds.
    package var inMilliseconds: Int { Int(inNanoseconds / 1_000_000) }

    /// Seconds as a floating-point number, for rates.
    package var inSeconds: Double { Double(inNanoseconds) / 1e9 }
}
