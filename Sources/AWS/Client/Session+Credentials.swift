import Pacing
import Synchronization
import System

extension Session {
    /// See ``Client/renewCredentials(after:)``.
    func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        let renewal = state.withLock { state -> Task<Result<Void, ConfigurationError>, Never>? in
            guard generation.load(ordering: .relaxed) == error.credentialsGeneration else {
                return nil
            }
            if state.renewal == nil { state.renewal = Task { await renewCredentials() } }
            return state.renewal
        }
        try await renewal?.value.get()
    }

    private func renewCredentials() async -> Result<Void, ConfigurationError> {
        let deadline = time.now + configuration.giveUpAfter
        var hasTold = false
        while true {
            let failure = await fetchOthers()
            let mayWait = provider.mayChange && hasSucceeded && time.now < deadline
            guard failure != nil, mayWait else {
                state.withLock { $0.renewal = nil }
                return failure.map { .failure($0) } ?? .success(())
            }
            if !hasTold {
                let seconds = Int(clamping: configuration.giveUpAfter.inSeconds)
                onWait?(
                    "the credentials from \(provider.origin) have expired: waiting for others, up"
                        + " to \(seconds) s; renew them there")
                hasTold = true
            }
            await wait(configuration.betweenRenewals)
        }
    }

    /// Asks their source for other credentials than those in use.
    /// - Returns: why there are none.
    private func fetchOthers() async -> ConfigurationError? {
        provider.forget(state.withLock { $0.credentials })
        let fresh: Credentials
        do {
            fresh = try await provider.credentials()
        } catch {
            return error
        }
        if use(fresh) { return nil }
        return ConfigurationError(
            .credentials, "the credentials from \(provider.origin) have expired",
            hint: "Renew them there, and run the command again.")
    }

    /// Asks for the credentials that are good now, before those in use end. No request waits: a
    /// source that has no newer ones is asked again soon, and what it throws will be known when the
    /// service refuses the old ones.
    func lookForCredentials(at now: UTCTime) {
        // Of several requests at a time one asks, and others don't for a while.
        let isDue = state.withLock { _ in
            let isDue = now.secondsSinceEpoch >= nextLook.load(ordering: .relaxed)
            if isDue {
                nextLook.store(
                    now.secondsSinceEpoch + Self.secondsBetweenLooks, ordering: .relaxed)
            }
            return isDue
        }
        guard isDue else { return }
        Task {
            if let fresh = try? await provider.credentials() { _ = use(fresh) }
        }
    }

    private static let secondsBetweenLooks = 10

    /// Requests that follow are signed with `fresh`. False when those are in use already.
    private func use(_ fresh: Credentials) -> Bool {
        let now = UTCTime(secondsSinceEpoch: time.secondsSinceEpoch)
        return state.withLock { state in
            guard state.replaceCredentials(with: fresh) else { return false }
            nextLook.store(SessionState.firstLook(at: fresh, now), ordering: .relaxed)
            generation.add(1, ordering: .relaxed)
            return true
        }
    }
}
