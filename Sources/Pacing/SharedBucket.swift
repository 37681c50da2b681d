/// One limit that several claimants have in common, divided fairly among them.
///
/// Each claims the units of one request at a time. Of those that wait, the one is served next whose
/// claim would have come first if all had been served side by side, unit by unit (start-time fair
/// queueing: Goyal, Vin and Cheng, SIGCOMM 1996). So no claimant starves, small requests get as
/// many units as large ones do, and what one claimant leaves is everyone's. A claim that does not
/// fit yet is waited for, never passed by a smaller one.
///
/// What a ``TokenBucket`` promises holds for the sum of all. A value with no clock, lock or thread.
package struct SharedBucket: Sendable {
    /// Units that a claimant may spend on a request now; settled once.
    package struct Grant: Equatable, Sendable {
        package let claimant: Int
        package let reservation: TokenBucket.Reservation
    }

    private struct Claim {
        let claimant: Int
        let units: Double
        let start: Double
    }

    private var bucket: TokenBucket
    private var claims: [Claim] = []
    /// Where the next claim of each claimant starts at the earliest, in units of virtual time.
    private var finishes: [Int: Double] = [:]
    /// Start of the claim that was granted last.
    private var virtualTime = 0.0

    package init(rate: Double, at now: Instant) {
        bucket = TokenBucket(rate: rate, at: now)
    }

    /// Units a second.
    package var rate: Double { bucket.rate }

    package mutating func setRate(_ rate: Double, at now: Instant) {
        bucket.setRate(rate, at: now)
    }

    /// Adds a claim; its claimant must have no other one.
    package mutating func claim(_ units: Double, for claimant: Int) {
        precondition(
            !claims.contains { $0.claimant == claimant }, "\(claimant) has a claim already")
        let start = max(virtualTime, finishes[claimant] ?? 0)
        finishes[claimant] = start + units
        claims.append(Claim(claimant: claimant, units: units, start: start))
    }

    /// Removes the claimant's claim, if it has one.
    package mutating func withdraw(_ claimant: Int) {
        claims.removeAll { $0.claimant == claimant }
    }

    /// Grants the next claim if its units are there.
    package mutating func grant(at now: Instant) -> Grant? {
        guard let next, bucket.readyAt(claims[next].units, now: now) <= now else { return nil }
        let claim = claims.remove(at: next)
        virtualTime = claim.start
        return Grant(
            claimant: claim.claimant, reservation: bucket.take(claim.units, at: now))
    }

    /// When the next claim can be granted: `now` or later; nil while none waits.
    package func readyAt(_ now: Instant) -> Instant? {
        next.map { bucket.readyAt(claims[$0].units, now: now) }
    }

    /// The claim to be served next; of several that start alike, the oldest.
    private var next: Int? {
        claims.indices.min { claims[$0].start < claims[$1].start }
    }

    /// See ``TokenBucket/settle(_:consumed:at:)``.
    package mutating func settle(_ grant: Grant, consumed: Double, at now: Instant) {
        bucket.settle(grant.reservation, consumed: consumed, at: now)
    }
}
