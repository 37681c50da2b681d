import Pacing
import System

/// Fetches credentials once, shares them, and renews them before they end (``RenewalSchedule``).
///
/// One renewal runs at a time, whoever asks; those who must wait for it wait for the same one.
package final class RenewedCredentials: CredentialProvider {
    private struct State {
        var held: Credentials?
        var schedule: RenewalSchedule?
        var renewal: Task<Result<Credentials, ConfigurationError>, Never>?
        /// No attempt before this, since the one before failed; seconds since 1970.
        var nextAttempt = Int.min
    }

    /// What a caller gets.
    private enum Decision {
        case use(Credentials)
        /// The result of a renewal; while the old ones are good, them when it fails.
        case wait(Task<Result<Credentials, ConfigurationError>, Never>, orUse: Credentials?)
    }

    package var origin: String { source.origin }
    package var identity: String { source.identity }
    package var account: String? { source.account }
    package var mayChange: Bool { source.mayChange }

    private let source: any CredentialProvider
    private let time: any TimeSource
    private let state = Locked(State())

    package init(_ source: any CredentialProvider, time: any TimeSource) {
        self.source = source
        self.time = time
    }

    package func credentials() async throws(ConfigurationError) -> Credentials {
        switch decide(at: now) {
        case .use(let credentials): return credentials
        case .wait(let renewal, let old):
            switch await renewal.value {
            case .success(let credentials): return credentials
            case .failure(let error):
                guard let old else { throw error }
                return old
            }
        }
    }

    package func forget(_ refused: Credentials) {
        source.forget(refused)
        state.withLock { state in
            guard state.held == refused else { return }
            state.held = nil
            state.schedule = nil
            state.nextAttempt = .min
        }
    }

    private var now: UTCTime { UTCTime(secondsSinceEpoch: time.secondsSinceEpoch) }

    private func decide(at now: UTCTime) -> Decision {
        state.withLock { state in
            guard let held = state.held else {
                return .wait(renewal(&state), orUse: nil)
            }
            guard let schedule = state.schedule else { return .use(held) }
            let phase = schedule.phase(at: now)
            switch phase {
            case .fresh: return .use(held)
            case .ahead where state.renewal != nil: return .use(held)
            case .ahead, .pressing:
                if state.renewal == nil, now.secondsSinceEpoch < state.nextAttempt {
                    return .use(held)
                }
                return .wait(renewal(&state), orUse: held)
            case .ended: return .wait(renewal(&state), orUse: nil)
            }
        }
    }

    /// The renewal that runs, or a new one.
    private func renewal(
        _ state: inout State
    ) -> Task<Result<Credentials, ConfigurationError>, Never> {
        if let renewal = state.renewal { return renewal }
        let renewal = Task { await renew() }
        state.renewal = renewal
        return renewal
    }

    private func renew() async -> Result<Credentials, ConfigurationError> {
        let result: Result<Credentials, ConfigurationError>
        do throws(ConfigurationError) {
            result = .success(try await source.credentials())
        } catch {
            result = .failure(error)
        }
        let now = now
        state.withLock { state in
            state.renewal = nil
            switch result {
            case .success(let fresh):
                state.held = fresh
                state.schedule = fresh.expiration.map {
                    RenewalSchedule(expiration: $0, fetchedAt: now)
                }
                state.nextAttempt = .min
            case .failure:
                guard let schedule = state.schedule else { return }
                state.nextAttempt =
                    now.secondsSinceEpoch + schedule.pause(in: schedule.phase(at: now))
            }
        }
        return result
    }
}
