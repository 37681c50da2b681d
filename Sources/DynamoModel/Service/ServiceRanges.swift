/// What numbers of the service's replies may be: generous where the service names no limit, and
/// small enough that sums of many of them stay numbers.
package enum ServiceRanges {
    /// Units that one page of a Scan has consumed: 257 for 1 MB, read consistently, and what the
    /// service adds for partitions without items.
    package static let scanUnits = 0.0...1_000
    /// Units that one BatchGetItem has consumed: 10,000 for 100 items of 400 KB.
    package static let readUnits = 0.0...20_000
    /// Units that one write has consumed. The dearest that there is, 25 puts of 400 KB over others,
    /// each with 20 indexes whose entries move, comes to 410,000.
    package static let writeUnits = 0.0...1_000_000
    /// Provisioned units a second; 0 of a table that is on demand.
    package static let provisionedUnits = 0...1_000_000_000_000
    /// Most units a second of a table on demand; -1 is the service's word for "no maximum".
    package static let maximumUnits = -1...1_000_000_000_000
    /// Items that a table, or an index, reports.
    package static let itemCount = 0...(1 << 48)
    /// Bytes that a table reports.
    package static let tableBytes = 0...(1 << 54)
    /// Seconds since 1970.
    package static let timestamps = 0.0...1e11
    /// Items of one page: each takes a byte at least.
    package static let pageItems = 0...ServiceLimits.pageBytesMax
    /// Days that point-in-time recovery goes back (API reference, PointInTimeRecoveryDescription).
    package static let recoveryDays = 1...35
}
