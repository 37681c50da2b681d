import Pacing
import System

/// Units consumed: all of them, and those of the last two minutes by tenths of a second.
package struct UnitMeter: Sendable {
    /// How many tenths of a second are kept.
    package static let bucketsMax = 1200
    private static let bucketNanoseconds: Int64 = 100_000_000

    package private(set) var total = 0.0
    /// A ring; bucket n of all time lies at n modulo its size. Empty until something is metered.
    private var ring: [Float] = []
    private var newest: Int64 = 0

    package static func bucket(at now: Instant) -> Int64 { now.nanoseconds / bucketNanoseconds }

    mutating func add(_ units: Double, at now: Instant) {
        guard units > 0 else { return }
        total += units
        let bucket = Self.bucket(at: now)
        if ring.isEmpty {
            ring = Array(repeating: 0, count: Self.bucketsMax)
            newest = bucket
        }
        while newest < bucket {
            newest = max(newest + 1, bucket - Int64(Self.bucketsMax))
            ring[Int(newest % Int64(Self.bucketsMax))] = 0
        }
        // Threads may arrive out of order; by less than the ring's span.
        ring[Int(max(bucket, 0) % Int64(Self.bucketsMax))] += Float(units)
    }

    /// The units of one tenth of a second; 0 when it is none of those that are kept.
    package func units(inBucket bucket: Int64) -> Double {
        guard !ring.isEmpty, bucket <= newest, bucket >= 0,
            bucket > newest - Int64(Self.bucketsMax)
        else { return 0 }
        return Double(ring[Int(bucket % Int64(Self.bucketsMax))])
    }
}
