import AWS
import Connectors
import Flow
import Jobs
import Pacing
import Status
import System

/// Has DynamoDB do what a table needs of it: each thing is asked for once, whatever happens to the
/// process or to replies, and then waited for. Any thread may call its methods.
package final class ServiceDriver: Sendable {
    package struct Settings: Sendable {
        /// Between two looks.
        package var pollEvery: Duration
        /// How long the service may leave open what has become of a request.
        package var giveUpAfter: Duration
        /// What it is, for people: `export`.
        package var noun: String
        /// Of several tables only what has come of it is worth a line.
        package var tellsEach = true

        package init(pollEvery: Duration, giveUpAfter: Duration, noun: String) {
            self.pollEvery = pollEvery
            self.giveUpAfter = giveUpAfter
            self.noun = noun
        }
    }

    /// What one kind of work does besides.
    package struct Hooks: Sendable {
        /// Makes a failure of an error of the service.
        package var refusal: @Sendable (AWSError) -> FlowFailure
        /// Makes one of work that has failed.
        package var failure: @Sendable (ServiceState) async -> FlowFailure
        /// Is called when work is done, before that is kept: again after a kill.
        package var finish: @Sendable (ServiceState) async throws -> Void

        package init(
            refusal: @escaping @Sendable (AWSError) -> FlowFailure,
            failure: @escaping @Sendable (ServiceState) async -> FlowFailure,
            finish: @escaping @Sendable (ServiceState) async throws -> Void
        ) {
            self.refusal = refusal
            self.failure = failure
            self.finish = finish
        }
    }

    private let settings: Settings
    private let operation: any ServiceOperation
    private let hooks: Hooks
    private let keeper: JobKeeper
    private let table: Int
    private let pacer: CallPacer
    private let note: @Sendable (String) -> Void
    private let time: any TimeSource
    private let state: Locked<State>

    private struct State {
        var requests: [ServiceRequest]
        var isStopping = false
        var hasNotedQuota = false
    }

    /// - Parameters:
    ///   - requests: as they are kept of the job's table, none of which has failed.
    ///   - table: its number.
    package init(
        _ settings: Settings, _ operation: any ServiceOperation, _ requests: [ServiceRequest],
        _ hooks: Hooks, keeper: JobKeeper, table: Int, pacer: CallPacer,
        note: @escaping @Sendable (String) -> Void, time: any TimeSource
    ) {
        self.settings = settings
        self.operation = operation
        self.hooks = hooks
        self.keeper = keeper
        self.table = table
        self.pacer = pacer
        self.note = note
        self.time = time
        state = Locked(State(requests: requests))
    }

    package var requests: [ServiceRequest] { state.withLock { $0.requests } }

    /// Waits no longer. What DynamoDB is at goes on.
    package func stop() { state.withLock { $0.isStopping = true } }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// - Returns: whether all is done; else it was stopped.
    package func run() async throws(FlowFailure) -> Bool {
        for place in requests.indices {
            let deadline = time.now + settings.giveUpAfter
            while !isStopping, try await !isUnderWay(place, deadline) { await pause() }
        }
        while !isStopping {
            var isDone = true
            for place in requests.indices where try await !isEnded(place) { isDone = false }
            if isDone { return true }
            await pause()
        }
        return requests.allSatisfy(\.isDone)
    }

    /// Has DynamoDB begin one, unless it has.
    /// - Returns: false where that is not known yet.
    private func isUnderWay(
        _ place: Int, _ deadline: Instant
    ) async throws(FlowFailure) -> Bool {
        let request = requests[place]
        switch request.step {
        case .none, .poll: return true
        case .lookUp:
            if let arn = try await found(request) {
                try take(arn, place)
                return true
            }
        case .ask: break
        }
        try keep(place) { $0.sent = $0.sent ?? time.secondsSinceEpoch }
        await pacer.turn()
        let arn: String
        do throws(AWSError) {
            arn = try await operation.ask(request.body)
        } catch {
            if error.code == "LimitExceededException" {
                // Nothing was begun: there is nothing to look for.
                if request.sent == nil { try keep(place) { $0.sent = nil } }
                noteQuota()
                return false
            }
            if error.tokenIsTaken { try keep(place) { $0.failureCode = error.code } }
            // The next look finds it, or asks again.
            guard error.isOutcomeUnknown, time.now < deadline else { throw hooks.refusal(error) }
            return false
        }
        try take(arn, place)
        return true
    }

    private func noteQuota() {
        let isFirst = state.withLock { state in
            defer { state.hasNotedQuota = true }
            return !state.hasNotedQuota
        }
        guard isFirst else { return }
        note("DynamoDB runs as many \(settings.noun)s of this account as it does at once: waiting")
    }

    private func take(_ arn: String, _ place: Int) throws(FlowFailure) {
        try keep(place) { $0.arn = arn }
        if settings.tellsEach { note("DynamoDB has begun the \(settings.noun) \(arn)") }
    }

    /// What an earlier run has asked for without seeing the answer: tokens end, and a second one
    /// would be paid for.
    private func found(_ request: ServiceRequest) async throws(FlowFailure) -> String? {
        var next: String?
        do throws(AWSError) {
            repeat {
                await pacer.turn()
                let page = try await operation.list(from: next)
                for arn in page.arns {
                    // Clocks may differ.
                    if let began = Self.began(arn), let sent = request.sent,
                        began < sent - Self.clocksDiffer
                    {
                        if operation.listsNewestFirst { return nil }
                        continue
                    }
                    await pacer.turn()
                    if try await operation.look(arn).token == request.token { return arn }
                }
                next = page.next
            } while next != nil
            return nil
        } catch {
            throw hooks.refusal(error)
        }
    }

    /// Seconds that this machine's clock may be ahead of DynamoDB's.
    private static let clocksDiffer = 3_600.0

    /// When work began, in seconds since 1970, as far as its ARN tells.
    private static func began(_ arn: String) -> Double? {
        arn.split(separator: "/").last.flatMap { ExportNames.began(id: String($0)) }
    }

    /// Looks at one that is under way.
    private func isEnded(_ place: Int) async throws(FlowFailure) -> Bool {
        guard case .poll(let arn) = requests[place].step else { return true }
        let found: ServiceState
        await pacer.turn()
        do throws(AWSError) {
            found = try await operation.look(arn)
        } catch {
            throw hooks.refusal(error)
        }
        switch found.end {
        case nil: return false
        case .failed(let code, _):
            try keep(place) { $0.failureCode = code }
            throw await hooks.failure(found)
        case .done:
            do {
                try await hooks.finish(found)
            } catch {
                throw error as? FlowFailure
                    ?? FlowFailure(
                        .giveUp, code: "\(settings.noun)", message: "\(error)")
            }
            try keep(place) { ($0.isDone, $0.items) = (true, found.items ?? 0) }
            return true
        }
    }

    /// Changes what is known of one, and keeps it.
    private func keep(
        _ place: Int, _ change: (inout ServiceRequest) -> Void
    ) throws(FlowFailure) {
        let requests = state.withLock { state in
            change(&state.requests[place])
            return state.requests
        }
        do throws(JobError) {
            try keeper.setRequests(requests, ofTable: table)
            try keeper.saveNow(ofTable: table) { now, _ in
                now.itemsDone = requests.lazy.map(\.items).clampedSum
            }
        } catch {
            throw FlowFailure(error)
        }
    }

    /// Waits until the next look, but not for long once it is to stop.
    private func pause() async {
        let end = time.now + settings.pollEvery
        while !isStopping {
            let left = end - time.now
            guard left > .zero else { return }
            await Pause.lasting(min(left, .milliseconds(200)))
        }
    }
}

extension ServiceRequest {
    /// A random token, which tells a request from others: 32 hexadecimal digits.
    package static func token(using generator: inout SeededGenerator) -> String {
        Hex.text((0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
    }
}
