import AWS
import DynamoModel
import Pacing

/// All that bounds the reading of one table.
package struct ScanConfiguration: Sendable {
    /// `TotalSegments`.
    package var segments: Int
    /// Those that are read, the first first.
    package var chosen: [Int]
    /// Scans in flight, each of another segment.
    package var scansMax = 16
    /// Bytes for pages.
    package var pageBytes: Int
    /// Stored bytes of one item, as the table reports; nil when it reports nothing.
    package var itemBytesReported: Int?
    /// As in ``CopyConfiguration``.
    package var spent = SpentReads()
    package var isConsistentRead = false
    package var read = ReadLimit()
    package var giveUpAfter: Duration = .seconds(15 * 60)
    /// How long requests in flight may take to come home when the reading stops.
    package var stopWithin: Duration = .seconds(10)

    /// - Parameter chosen: nil for all of them, evenly over the hash space at any time.
    package init(segments: Int, chosen: [Int]? = nil, pageBytes: Int) {
        precondition(
            (1...ServiceLimits.segmentsMax).contains(segments), "\(segments) is no segment count")
        self.segments = segments
        self.chosen = chosen ?? Array(SegmentOrder(total: segments))
        self.pageBytes = pageBytes
    }
}

/// What a ``ScanScheduler`` asks its driver to do.
package enum ScanAction: Equatable, Sendable {
    /// Ask for the next page of a segment. A reply longer than `replyBytesMax` is not to be kept.
    case scan(segment: Int, limit: Int, replyBytesMax: Int)
    /// As in ``CopyAction``: units of a limit over several tables, one claim at a time.
    case claim(units: Double)
    case settle(SharedBucket.Grant, consumed: Double)
    /// Say that time has passed, then.
    case wake(Instant)
    case finish(CopyOutcome)
}

/// A page that arrived whole and has been taken in.
package struct TakenPage: Equatable, Sendable {
    package var items: Int
    package var storedBytes: Int
    package var replyBytes: Int
    package var isLast: Bool
    /// nil where the server reports nothing.
    package var readUnits: Double?
    /// As in ``ArrivedPage``.
    package var isPaid = false
}

/// Decides which page of a table is read next, where nothing is done with pages but to take them
/// in: the reading half of ``CopyScheduler``, which has writes to wait for.
///
/// Segments are open up to a number, each with one Scan in flight; a Scan is sent when its units
/// and its reply's memory are there. It holds no lock, clock or socket. Not thread-safe.
package struct ScanScheduler: Sendable {
    private enum Phase: Equatable {
        case running
        case ending(CopyOutcome, deadline: Instant)
        case ended
    }

    private let configuration: ScanConfiguration
    private var generator: SeededGenerator
    private var phase = Phase.running
    /// Segments that have not been begun, the next one last.
    private var waiting: [Int]
    private var open: [OpenScan] = []
    private var bytesHeld = 0
    private var sizing: PageSizing
    private var reading: ReadPacing
    /// Of a limit over several tables.
    private var share: UnitShare
    private var health = SideHealth()
    private var patience: Patience
    private var nextTick: Instant
    private var wakeAsked: Instant?
    package private(set) var counters = CopyCounters()
    package private(set) var hold: CopyHold?
    package private(set) var isPaused = false
    /// Items that have arrived.
    private var arrived: RateWindow
    /// Items of segments that are finished.
    package private(set) var itemsInFinishedSegments = 0

    private struct OpenScan: Sendable {
        let segment: Int
        var isScanning = false
        var items = 0
        var failures = 0
        var retryAt = Instant.zero
        var planned: PageSizing.Plan?
        var reserved = PageSizing.Plan(limit: 1, reserve: 0)
        var charge: TokenBucket.Reservation?
        var grant: SharedBucket.Grant?
    }

    package init(_ configuration: ScanConfiguration, seed: UInt64, at now: Instant) {
        self.configuration = configuration
        generator = SeededGenerator(seed: seed)
        waiting = configuration.chosen.reversed()
        sizing = PageSizing(
            poolBytes: configuration.pageBytes,
            openSegments: max(1, min(configuration.chosen.count, configuration.scansMax)),
            itemBytesReported: configuration.itemBytesReported)
        reading = ReadPacing(configuration.read, at: now)
        share = UnitShare(isLimited: configuration.read.shared != nil)
        arrived = RateWindow(at: now)
        patience = Patience(giveUpAfter: configuration.giveUpAfter)
        nextTick = now + CopyScheduler.tick
        counters.scans = configuration.spent.scans
        counters.readUnits = configuration.spent.units
    }

    // MARK: Events

    package mutating func start(at now: Instant) -> [ScanAction] { pumped(at: now) }

    package mutating func timePassed(at now: Instant) -> [ScanAction] {
        if let wakeAsked, wakeAsked <= now { self.wakeAsked = nil }
        if now >= nextTick {
            nextTick = now + CopyScheduler.tick
            reading.timePassed(at: now)
            if let failure = patience.failure(at: now) { end(.failed(failure), at: now) }
        }
        return pumped(at: now)
    }

    package mutating func limitChanged(_ limit: ReadLimit, at now: Instant) -> [ScanAction] {
        reading.setLimit(limit, at: now)
        share.isLimited = limit.shared != nil
        return pumped(at: now)
    }

    /// The units that were claimed are there; those that are not spent at once are given back.
    package mutating func unitsGranted(
        _ grant: SharedBucket.Grant, at now: Instant
    ) -> [ScanAction] {
        share.grant(grant)
        var actions = phase == .running ? pumped(at: now) : []
        if let unspent = share.take() { actions.append(.settle(unspent, consumed: 0)) }
        return actions
    }

    package mutating func setPaused(_ paused: Bool, at now: Instant) -> [ScanAction] {
        isPaused = paused
        if !paused { patience.progressed() }
        return pumped(at: now)
    }

    package mutating func stop(at now: Instant) -> [ScanAction] {
        end(.stopped, at: now)
        return pumped(at: now)
    }

    package mutating func pageTaken(
        segment: Int, _ page: TakenPage, at now: Instant
    ) -> [ScanAction] {
        let slot = cameBack(segment)
        health.answered(at: now)
        patience.progressed()
        let units =
            page.readUnits
            ?? CapacityUnits.scan(
                bytes: page.storedBytes, consistent: configuration.isConsistentRead)
        let settled = settle(slot, units: units, isPaid: page.isPaid, at: now)
        reading.observed(isThrottled: false, units: units, at: now)
        counters.readUnits += units
        counters.itemsRead += page.items
        arrived.add(Double(page.items), at: now)
        counters.bytesRead += page.replyBytes
        if page.storedBytes > 0 {
            sizing.learn(
                items: page.items, jsonBytes: page.replyBytes, storedBytes: page.storedBytes)
        }
        open[slot].failures = 0
        open[slot].planned = nil
        open[slot].items += page.items
        if page.isLast {
            counters.segmentsFinished += 1
            itemsInFinishedSegments += open[slot].items
            open.remove(at: slot)
        }
        return settled + pumped(at: now)
    }

    package mutating func scanFailed(
        segment: Int, _ failure: CopyFailure, at now: Instant
    ) -> [ScanAction] {
        let slot = cameBack(segment)
        let settled = settle(slot, units: failure.isOutcomeUnknown ? nil : 0, at: now)
        switch failure.kind {
        case .tooLong(let bytes):
            health.answered(at: now)
            open[slot].planned = sizing.plan(after: open[slot].reserved, tooLong: bytes)
            if open[slot].planned == nil { end(.failed(failure), at: now) }
        case .remedy(.giveUp), .remedy(.split): end(.failed(failure), at: now)
        case .remedy(.slowDown):
            health.answered(at: now)
            counters.scansThrottled += 1
            reading.observed(isThrottled: true, units: 0, at: now)
            postpone(slot, failure, at: now)
        case .remedy(.retry), .remedy(.renewCredentials):
            counters.requestsFailed += 1
            health.failed(CopyScheduler.faultBackoff, using: &generator, at: now)
            postpone(slot, failure, at: now)
        }
        return settled + pumped(at: now)
    }

    /// - Parameter units: nil when nobody knows: then the estimate stands.
    private mutating func settle(
        _ slot: Int, units: Double?, isPaid: Bool = false, at now: Instant
    ) -> [ScanAction] {
        reading.settle(open[slot].charge, units: units, at: now)
        guard let grant = open[slot].grant else { return [] }
        return [
            .settle(grant, consumed: isPaid ? 0 : units ?? grant.reservation.estimate)
        ]
    }

    private mutating func cameBack(_ segment: Int) -> Int {
        guard let slot = open.firstIndex(where: { $0.segment == segment }), open[slot].isScanning
        else { preconditionFailure("segment \(segment) is not being scanned") }
        open[slot].isScanning = false
        bytesHeld -= open[slot].reserved.reserve
        return slot
    }

    private mutating func postpone(_ slot: Int, _ failure: CopyFailure, at now: Instant) {
        let delay = CopyScheduler.retryBackoff.delay(
            attempt: open[slot].failures, using: &generator)
        open[slot].failures += 1
        open[slot].retryAt = now + delay
        patience.failed(failure, at: now)
    }

    private mutating func end(_ outcome: CopyOutcome, at now: Instant) {
        switch phase {
        case .running: phase = .ending(outcome, deadline: now + configuration.stopWithin)
        case .ending(.stopped, let deadline): phase = .ending(outcome, deadline: deadline)
        case .ending, .ended: break
        }
    }

    // MARK: What comes of an event

    private mutating func pumped(at now: Instant) -> [ScanAction] {
        var actions: [ScanAction] = []
        var wake = nextTick
        if phase == .running {
            startScans(at: now, &actions, &wake)
            if open.isEmpty, waiting.isEmpty { end(.completed, at: now) }
        }
        if case .ending(let outcome, let deadline) = phase {
            if scansInFlight == 0 || now >= deadline {
                phase = .ended
                hold = nil
                actions.append(.finish(outcome))
            }
            wake = min(wake, deadline)
        }
        if phase != .ended, wakeAsked.map({ $0 > wake }) ?? true {
            wakeAsked = wake
            actions.append(.wake(wake))
        }
        return actions
    }

    private mutating func startScans(
        at now: Instant, _ actions: inout [ScanAction], _ wake: inout Instant
    ) {
        hold = isPaused ? .paused : reading.isThrottled ? .sourceThrottled : nil
        if health.isSilent(at: now, underWay: scansInFlight) { hold = .sourceUnreachable }
        if isPaused { return }
        if health.isPaused(at: now), let until = health.pausedUntil {
            wake = min(wake, until)
            return
        }
        let allowed = health.isDown ? 1 : configuration.scansMax
        while scansInFlight < allowed, let slot = nextToScan(at: now, &wake) {
            let plan = open[slot].planned ?? defaultPlan
            // One page fits always: the pool holds the longest item there is.
            guard bytesHeld == 0 || bytesHeld + plan.reserve <= configuration.pageBytes else {
                return
            }
            let units = CapacityUnits.scan(
                bytes: sizing.storedBytesExpected(limit: plan.limit),
                consistent: configuration.isConsistentRead)
            let ready = reading.readyAt(units, now: now)
            guard ready <= now else {
                hold = hold ?? .readLimit
                wake = min(wake, ready)
                return
            }
            guard share.isReady else {
                hold = hold ?? .sharedReadLimit
                if !share.isClaimed {
                    share.claim()
                    actions.append(.claim(units: units))
                }
                return
            }
            open[slot].charge = reading.take(units, at: now)
            open[slot].grant = share.take()
            if scansInFlight == 0 { health.asked(at: now) }
            open[slot].isScanning = true
            open[slot].reserved = plan
            bytesHeld += plan.reserve
            counters.scans += 1
            actions.append(
                .scan(
                    segment: open[slot].segment, limit: plan.limit, replyBytesMax: plan.reserve))
        }
    }

    private var defaultPlan: PageSizing.Plan {
        sizing.plan(
            storedBytesMax: reading.pageBytesMax(consistent: configuration.isConsistentRead))
    }

    /// The open segment that has come least far; a new one while fewer are open than may be.
    private mutating func nextToScan(at now: Instant, _ wake: inout Instant) -> Int? {
        if open.count < configuration.scansMax, let segment = waiting.popLast() {
            open.append(OpenScan(segment: segment))
            return open.count - 1
        }
        var best: Int?
        for slot in open.indices where !open[slot].isScanning {
            if open[slot].retryAt > now {
                wake = min(wake, open[slot].retryAt)
            } else if best.map({ open[slot].items < open[$0].items }) ?? true {
                best = slot
            }
        }
        return best
    }

    // MARK: What others may ask

    package var scansInFlight: Int { open.count { $0.isScanning } }
    package var isEnding: Bool { if case .ending = phase { true } else { false } }
    package var hasEnded: Bool { phase == .ended }

    package mutating func rate(at now: Instant) -> (units: Double, limit: Double?) {
        (reading.consumedPerSecond(at: now), reading.rate)
    }

    package mutating func itemsPerSecond(at now: Instant) -> Double {
        arrived.perSecond(at: now)
    }
}
