import Pacing

extension Client {
    /// Fetches the first credentials of a side; throws when there are none. Nothing is sent yet.
    package convenience init(
        _ settings: SideSettings, engine: HTTPEngine,
        configuration: Configuration = Configuration(),
        time: any TimeSource = MonotonicTime(), seed: UInt64, onWait: WaitObserver? = nil,
        onFailure: FailureObserver? = nil
    ) async throws(ConfigurationError) {
        try await self.init(
            settings.endpoint, settings.provider, bypassesProxy: settings.bypassesProxy,
            accountHosts: settings.accountHosts, engine: engine, configuration: configuration,
            time: time, seed: seed, onWait: onWait,
            onFailure: onFailure)
    }
}
