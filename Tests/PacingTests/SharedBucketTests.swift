import Pacing
import Testing

@Suite struct SharedBucketTests {
    private let start = Instant.zero + .seconds(1)

    /// Serves claims until `end`; a claimant that was served claims again at once.
    private func served(
        _ bucket: inout SharedBucket, claims: [Double], until end: Duration
    ) -> [Double] {
        for (number, units) in claims.enumerated() { bucket.claim(units, for: number) }
        var sums = claims.map { _ in 0.0 }
        var now = start
        while let ready = bucket.readyAt(now), ready - start < end {
            now = ready
            guard let grant = bucket.grant(at: now) else { continue }
            sums[grant.claimant] += grant.reservation.estimate
            bucket.settle(grant, consumed: grant.reservation.estimate, at: now)
            bucket.claim(claims[grant.claimant], for: grant.claimant)
        }
        return sums
    }

    @Test(arguments: [[1.0, 25], [25, 25, 25], [0.5, 5, 400]])
    func `each claimant gets as many units as any other, however large its requests are`(
        claims: [Double]
    ) {
        var bucket = SharedBucket(rate: 1_000, at: start)
        let sums = served(&bucket, claims: claims, until: .seconds(100))
        let fair = 100_000 / Double(claims.count)
        let largest = claims.max()!
        for sum in sums { #expect(abs(sum - fair) <= 2 * largest, "\(sums)") }
    }

    @Test func `who was away gets its part from now on, not what it missed`() {
        var bucket = SharedBucket(rate: 100, at: start)
        _ = served(&bucket, claims: [1], until: .seconds(50))
        bucket.claim(1, for: 1)
        var grants: [Int] = []
        var now = start + .seconds(50)
        while grants.count < 20, let ready = bucket.readyAt(now) {
            now = ready
            guard let grant = bucket.grant(at: now) else { continue }
            grants.append(grant.claimant)
            bucket.claim(1, for: grant.claimant)
        }
        #expect(abs(grants.count { $0 == 1 } - 10) <= 1, "\(grants)")
    }

    @Test func `a large claim is waited for and not passed by small ones`() {
        var bucket = SharedBucket(rate: 100, at: start)
        bucket.claim(50, for: 0)
        bucket.claim(1, for: 1)
        // Larger than the burst of a tenth of a second: it goes when the bucket is full.
        #expect(bucket.grant(at: start + .milliseconds(99)) == nil)
        #expect(bucket.grant(at: start + .milliseconds(100))?.claimant == 0)
        // The debt comes first.
        #expect(bucket.grant(at: start + .milliseconds(500)) == nil)
        #expect(bucket.grant(at: start + .milliseconds(511))?.claimant == 1)
        #expect(bucket.readyAt(start + .seconds(1)) == nil)
    }
}
