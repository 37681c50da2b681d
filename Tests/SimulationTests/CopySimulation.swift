import Pacing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Runs a whole job in virtual time: one ``FlowScheduler`` after another against a model source, a
/// model target and a model of the job's file, until the copy is complete. Everything follows from
/// a seed: sizes, the order of replies, refusals, failures, what the user does, and when the
/// process is killed, the power fails, or a stop is asked for.
///
/// After each event it checks what must hold always: memory within the pools, batches within the
/// limits, each item in one place at a time, no cursor ahead of what is safe. At the end the target
/// must hold the source, dead letters apart, and no item may have been written twice that was safe.
final class CopySimulation {
    /// What is looked at.
    enum Strictness: String, CaseIterable, Sendable {
        case everyStep = "every step"
        /// Only what the user sees: the target and the dead letters, when the job is complete. It
        /// tells whether the model's kills would bring a bug to light by themselves.
        case outcomeOnly = "the outcome only"
    }

    let world: SimulatedWorld
    let mutant: Mutant?
    let flaw: SchedulerFlaw?
    let strictness: Strictness
    var target: SimulatedTarget
    var file: SimulatedJobFile
    var run: SimulatedRun
    var generator: SeededGenerator
    var now = Instant.zero
    private(set) var tally = SimulationTally()
    let trace: SimulationTrace
    var saves = 0
    var saveFailuresLeft = 3
    private(set) var steps = 0
    private var interruptionsLeft: Int
    private var interruption: (step: Int, how: Interruption)?

    static let stepsMax = 200_000

    init(
        seed: UInt64, mutant: Mutant? = nil, flaw: SchedulerFlaw? = nil,
        strictness: Strictness = .everyStep, isTraced: Bool = false
    ) {
        var generator = SeededGenerator(seed: seed)
        world = SimulatedWorld(seed: seed, &generator)
        self.mutant = mutant
        self.flaw = flaw
        self.strictness = strictness
        target = SimulatedTarget(world)
        file = SimulatedJobFile(world)
        trace = SimulationTrace(isOn: isTraced)
        interruptionsLeft = world.faults.interruptions
        run = Self.makeRun(
            world, target, file, mutant, flaw, number: 1, steps: 0, at: .zero, &generator)
        self.generator = generator
    }

    private static func makeRun(
        _ world: SimulatedWorld, _ target: SimulatedTarget, _ file: SimulatedJobFile,
        _ mutant: Mutant?, _ flaw: SchedulerFlaw?, number: Int, steps: Int, at now: Instant,
        _ generator: inout SeededGenerator
    ) -> SimulatedRun {
        let configuration = world.configuration(&generator)
        var scheduler = FlowScheduler(configuration, seed: generator.next(), at: now)
        if let flaw { scheduler.plant(flaw) }
        return SimulatedRun(
            world, target, file, configuration, FalsifiedScheduler(scheduler, mutant),
            number: number, firstStep: steps, at: now)
    }

    /// Runs a seed; one that breaks a promise is run once more, for the trace of its last steps.
    /// - Throws: the first ``Violation``.
    static func outcome(
        seed: UInt64, mutant: Mutant? = nil, flaw: SchedulerFlaw? = nil,
        strictness: Strictness = .everyStep
    ) throws -> CopySimulation {
        let simulation = CopySimulation(
            seed: seed, mutant: mutant, flaw: flaw, strictness: strictness)
        do {
            try simulation.runJob()
            return simulation
        } catch var violation as Violation {
            let again = CopySimulation(
                seed: seed, mutant: mutant, flaw: flaw, strictness: strictness, isTraced: true)
            try? again.runJob()
            violation.trace = again.trace.lines
            throw violation
        }
    }

    // MARK: Running

    func runJob() throws {
        while true {
            try runProcess()
            try endProcess()
            if isOver { break }
            now = now + .milliseconds(Int.random(in: 1...10_000, using: &generator))
            run = Self.makeRun(
                world, target, file, mutant, flaw, number: run.number + 1, steps: steps,
                at: now, &generator)
            trace.note(now, "---- RESUMED: run \(run.number), \(progressText)")
        }
        try checkEnd()
    }

    /// Whether the last process has left nothing to be done, or has failed for a reason that it is
    /// meant to fail for. The reasons themselves are checked when it ends.
    private var isOver: Bool {
        switch run.outcome {
        case .completed: true
        case .failed(let failure): failure.code == Self.refused.code
        case .stopped, nil: false
        }
    }

    private func runProcess() throws {
        planInterruption()
        planUserActs()
        try perform(run.scheduler.take { $0.start(at: now) })
        while run.isAlive {
            guard let next = run.nextEvent() else {
                throw violation("nothing is under way, and the copy has not ended")
            }
            guard steps - run.firstStep < Self.stepsMax else {
                throw violation("the copy does not end")
            }
            now = max(now, next.at)
            takeStep()
            guard run.isAlive else { return }
            try perform(try deliver(next.event))
            try checkMemory()
        }
    }

    private func perform(_ actions: [FlowAction]) throws {
        for action in actions {
            if action == .open {
                let earlier = run.earlier
                try perform(
                    run.scheduler.take { $0.opened(world.segments.count, earlier, at: now) })
                continue
            }
            takeStep()
            guard run.cutShort == nil else { return }
            guard run.outcome == nil else { throw violation("\(action) after the end") }
            switch action {
            case .open: break
            case .read(let segment, let cursor, let limit, let reserve):
                try checkCursor(cursor, segment)
                try scan(segment, limit, reserve)
            case .write(let id, let items, let reserve, _): try write(id, items, reserve)
            case .closeUnit, .seal: throw violation("\(action) for a sink without units")
            case .release(let page): try release(page)
            case .save(let save): try keep(save)
            case .claim(let side, let units): try claim(side, units)
            case .settle(let side, let grant, let consumed):
                try settle(side, grant, consumed)
            case .wake(let at):
                // A timer may be late.
                let late = Duration.microseconds(Int.random(in: 0...500, using: &generator))
                run.wakes += 1
                run.schedule(.wake(number: run.wakes), at: max(at, now) + late)
            case .finish(let how):
                run.outcome = how
                trace.note(now, "---- ENDED: \(Self.text(how))")
            }
        }
    }

    private func deliver(_ event: SimulatedEvent) throws -> [FlowAction] {
        switch event {
        case .page(let segment, let range, let isLast):
            return pageArrives(segment, range, isLast: isLast)
        case .scanFails(let segment, let failure): return scanFails(segment, failure)
        case .batchComesBack(let slot): return try comeBack(slot)
        case .saveWritten:
            try saveWritten()
            return []
        case .saveTold: return saveTold()
        case .saveFails: return saveFails()
        case .wake: return run.scheduler.take { $0.timePassed(at: now) }
        case .pause(let isPaused):
            run.isPaused = isPaused
            trace.note(now, isPaused ? "the user pauses" : "the user lets it go on")
            return run.scheduler.take { $0.setPaused(isPaused, at: now) }
        case .limits(let read, let write, let writesMax):
            trace.note(now, "the user limits \(Self.text(read, write, writesMax))")
            run.writesMax = writesMax ?? run.writesMax
            run.setRates(write, at: now)
            return run.scheduler.take {
                $0.limitsChanged(read: read, write: write, writesMax: writesMax, at: now)
            }
        case .grant(let side): return try grant(side)
        case .stop:
            trace.note(now, "---- \(Interruption.stop.rawValue)")
            return run.scheduler.take { $0.stop(at: now) }
        }
    }

    func violation(_ what: String) -> Violation {
        Violation(seed: world.seed, step: steps, what: "run \(run.number): \(what)")
    }

    /// A check of single steps.
    func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds, strictness == .everyStep { throw violation(what()) }
    }

    /// Time that a request or a save takes.
    func latency() -> Duration {
        if generator.unit() < world.faults.stalled {
            return .milliseconds(Int.random(in: 500...4_000, using: &generator))
        }
        return .microseconds(Int.random(in: 100...30_000, using: &generator))
    }

    // MARK: Interruptions

    /// Each event and each action is a step, and a process may be cut short before any of them.
    private func takeStep() {
        steps += 1
        guard let (step, how) = interruption, steps >= step, run.outcome == nil else { return }
        interruption = nil
        if how == .stop {
            run.schedule(.stop, at: now)
            // One that is stopped may still be killed.
            if generator.unit() < 0.3 { planInterruption() }
        } else {
            run.cutShort = how
        }
    }

    private func planInterruption() {
        interruption = nil
        guard interruptionsLeft > 0 else { return }
        interruptionsLeft -= 1
        let most = [8, 60, 400, 3_000].randomElement(using: &generator) ?? 8
        let how: [Interruption] = [.kill, .kill, .powerLoss, .stop]
        interruption = (
            steps + Int.random(in: 1...most, using: &generator),
            how.randomElement(using: &generator) ?? .kill
        )
    }

    private func planUserActs() {
        guard generator.unit() < world.faults.userActs else { return }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let at = now + .milliseconds(Int.random(in: 0...2_000, using: &generator))
            if Bool.random(using: &generator) {
                let until = at + .milliseconds(Int.random(in: 1...1_000, using: &generator))
                run.schedule(.pause(true), at: at)
                run.schedule(.pause(false), at: until)
            } else {
                let writesMax = Int.random(in: 1...32, using: &generator)
                let limits = SimulatedEvent.limits(
                    world.readLimit(&generator), world.writeLimits(&generator),
                    writesMax: Bool.random(using: &generator) ? writesMax : nil)
                run.schedule(limits, at: at)
            }
        }
    }

    /// What was in flight may have reached the target or not; nothing else of the process is left.
    private func endProcess() throws {
        if run.outcome != nil { try checkOrderlyEnd() }
        for case let flight? in run.flights where Bool.random(using: &generator) {
            put(flight.executed)
        }
        if let cutShort = run.cutShort {
            let lost = cutShort == .powerLoss ? file.losePower(&generator, at: now) : 0
            tally.savesLost += lost
            trace.note(
                now,
                "---- KILLED: \(cutShort.rawValue); \(run.writesInFlight) batches are in flight,"
                    + " \(lost) saves are lost")
        }
        tally.count(run)
        try checkDurable()
        let exposed = run.isExposed.count { $0 }
        try require(
            run.writtenAgain <= exposed,
            "\(run.writtenAgain) items were written again, of \(exposed) that may be")
    }
}
