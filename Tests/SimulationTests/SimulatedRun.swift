import Pacing

@testable import Connectors
@testable import Flow
@testable import ModelBenchmarks
@testable import Transfer

/// What happens to a process of the job in virtual time.
enum SimulatedEvent {
    case page(segment: Int, Range<Int>, isLast: Bool)
    case scanFails(segment: Int, FlowFailure)
    case batchComesBack(slot: Int)
    /// The save that is under way is written, and after that the scheduler is told.
    case saveWritten
    case saveTold
    case saveFails
    /// Counts for nothing once a later wake was asked for: there is one timer.
    case wake(number: Int)
    case pause(Bool)
    case limits(ReadLimit, WriteLimits, writesMax: Int?)
    /// The next claim on the limit over all tables may be granted.
    case grant(FlowSide)
    case stop
}

/// How a process is cut short.
enum Interruption: String {
    case kill = "the process is killed"
    case powerLoss = "the power fails"
    case stop = "an orderly stop is asked for"
}

/// One process of the job: its scheduler, and the model's own books about it, kept apart from the
/// scheduler's. All of it is gone when the process ends.
struct SimulatedRun {
    struct ItemState {
        var isInFlight = false
        /// The target has it from this run, acknowledged or not.
        var isPut = false
        var isAcknowledged = false
        /// It was told to be kept as a dead letter, and is known to be.
        var isRefused = false
        var isDead = false
        /// It came on a page and was not to be copied.
        var isLeftOut = false
        /// The target has another item in its place, which stays.
        var isKept = false
        var isSafe: Bool { isAcknowledged || isDead || isLeftOut || isKept }
    }

    struct Page {
        let number: Int
        let segment: Int
        /// Places of its items in the segment.
        let range: Range<Int>
        let heldBytes: Int
    }

    /// A batch that was sent, and what will come of it, decided when it is sent.
    struct Flight {
        enum Reply {
            case answered(unprocessed: [Int])
            /// The target has another item in place of the only one.
            case kept
            case failed(FlowFailure)
        }

        let number: Int
        let id: BatchID
        let ordinals: [Int]
        let reply: Reply
        /// Ordinals of the items that it puts.
        let executed: [Int]
        /// The target had an item already: this one, or one that stays.
        let isConditionFailed: Bool
        let bytes: Int
        let sentAt: Instant
        /// Units by which it may have been charged too little.
        var uncertain: (table: Double, index: Double) = (0, 0)
    }

    let number: Int
    let configuration: FlowConfiguration
    let firstStep: Int
    var scheduler: FalsifiedScheduler
    private var events = EventQueue<SimulatedEvent>()
    var wakes = 0
    var outcome: FlowOutcome?
    var cutShort: Interruption?

    /// By ordinal.
    var items: [ItemState]
    /// Items, by ordinal, that earlier runs have put though no save that is left says that they
    /// are safe: those that the target got after the save was asked for, or ahead of their
    /// segment's cursor, or without a reply.
    let isExposed: [Bool]
    /// Items that an earlier run had put and this one has put again.
    var writtenAgain = 0
    // By segment: items that pages have held, that stood in released pages, that are safe with all
    // before them, and that stand before the cursor as it was saved last; all from the start.
    var scanned: [Int]
    var released: [Int]
    var safe: [Int]
    private let groupSize: Int
    var saved: [Int]
    /// Segments whose last page has arrived, and that were saved as finished.
    var isExhausted: [Bool]
    var isSavedAsFinished: [Bool]

    /// What the job's file told when the process began.
    let earlier: [PartitionProgress]
    /// By the scheduler's slots.
    var pages: [Page?] = []
    var pagesRead = 0
    var pagesHeld = 0
    /// By segment: the longest reply that its Scan keeps, while one is in flight.
    var scanReserves: [Int?]
    var scansInFlight = 0
    var pageBytes = 0
    /// By the scheduler's slots.
    var flights: [Flight?] = []
    var batchesSent = 0
    var writesInFlight = 0
    var batchBytes = 0
    var acknowledged = 0
    var leftOut = 0
    var kept = 0
    var uncertain: (table: Double, index: Double) = (0, 0)
    var tableRate: RateCheck
    var indexRate = RateCheck(isAdaptive: false)
    /// Limits over all tables, and what of them is granted and not settled.
    var buckets: [FlowSide: SharedBucket] = [:]
    var granted: [FlowSide: [SharedBucket.Grant]] = [:]
    var sharedRate = RateCheck(isAdaptive: false)

    var save: SimulatedJobFile.Commit?
    var hasSaveFailed = false
    var isPaused = false
    var writesMax: Int
    /// So that a run ends however often its Scans would fail.
    var scanFaultsLeft = 200

    var isAlive: Bool { outcome == nil && cutShort == nil }

    init(
        _ world: SimulatedWorld, _ target: SimulatedTarget, _ jobFile: SimulatedJobFile,
        _ configuration: FlowConfiguration, _ scheduler: FalsifiedScheduler, number: Int,
        firstStep: Int, at now: Instant
    ) {
        let file = jobFile.state
        earlier = jobFile.progress
        groupSize = world.groupSize
        self.number = number
        self.configuration = configuration
        self.firstStep = firstStep
        self.scheduler = scheduler
        items = [ItemState](repeating: ItemState(), count: world.items.count)
        isExposed = zip(world.items, target.wasPut).map { item, wasPut in
            wasPut && item.position >= file.safe[item.segment]
        }
        scanned = world.segments.indices.map { file.cursor(of: $0) }
        released = scanned
        safe = scanned
        saved = scanned
        isSavedAsFinished = world.segments.indices.map { file.isFinished($0) }
        isExhausted = isSavedAsFinished
        scanReserves = [Int?](repeating: nil, count: world.segments.count)
        writesMax = configuration.writesMax
        tableRate = RateCheck(isAdaptive: world.faults.areThrottling)
        setRates(configuration.write, at: now)
        sharedRate.setRate(world.shared.write, at: now)
        buckets[.source] = world.shared.read.map { SharedBucket(rate: $0, at: now) }
        buckets[.target] = world.shared.write.map { SharedBucket(rate: $0, at: now) }
    }

    mutating func setRates(_ limits: WriteLimits, at now: Instant) {
        tableRate.setRate(limits.table, at: now)
        indexRate.setRate(limits.indexes.first?.unitsPerSecond, at: now)
    }

    mutating func schedule(_ event: SimulatedEvent, at instant: Instant) {
        events.add(event, at: instant)
    }

    /// The next event that counts.
    mutating func nextEvent() -> (at: Instant, event: SimulatedEvent)? {
        while let next = events.next() {
            if case .wake(let number) = next.event, number != wakes { continue }
            return next
        }
        return nil
    }

    /// How far the model itself finds a segment to be safe; advanced only when asked for.
    mutating func advanceSafe(_ segment: Int, _ ordinals: [Int]) -> Int {
        while safe[segment] < scanned[segment], items[ordinals[safe[segment]]].isSafe {
            safe[segment] += 1
        }
        let group = groupSize
        return safe[segment] == ordinals.count ? ordinals.count : safe[segment] / group * group
    }
}
