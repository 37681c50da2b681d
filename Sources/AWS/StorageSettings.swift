import Pacing

/// Everything that makes a client of one side's S3.
package struct StorageSettings: Sendable {
    package var endpoint: StorageEndpoint
    package var provider: any CredentialProvider
    package let trust: TrustedCertificates
    /// See ``SideSettings/bypassesProxy``.
    package var bypassesProxy: Bool
    package var sums: ChecksumSettings

    package init(
        endpoint: StorageEndpoint, provider: any CredentialProvider,
        trust: TrustedCertificates = TrustedCertificates(), bypassesProxy: Bool,
        sums: ChecksumSettings = ChecksumSettings()
    ) {
        self.endpoint = endpoint
        self.provider = provider
        self.trust = trust
        self.bypassesProxy = bypassesProxy
        self.sums = sums
    }
}

/// Whether objects have checksums of our own making beside what their transport has. (SDKs'
/// reference guide, "Data Integrity Protections for Amazon S3".)
package struct ChecksumSettings: Equatable, Sendable {
    package enum Use: String, Sendable {
        case whenSupported = "when_supported"
        /// Not at all, for servers that refuse what they do not know.
        case whenRequired = "when_required"
    }

    /// What is put has a checksum, and the service refuses what does not match it.
    package var sending = Use.whenSupported
    /// What is read whole is held against the checksum that it was put with.
    package var checking = Use.whenSupported

    package init(sending: Use = .whenSupported, checking: Use = .whenSupported) {
        self.sending = sending
        self.checking = checking
    }
}

extension RESTClient {
    /// Fetches the first credentials of a side; throws when there are none. Nothing is sent yet.
    package convenience init(
        _ settings: StorageSettings, engine: HTTPEngine,
        configuration: Client.Configuration = Client.Configuration(),
        time: any TimeSource = MonotonicTime(), seed: UInt64,
        onWait: Client.WaitObserver? = nil, onFailure: Client.FailureObserver? = nil
    ) async throws(ConfigurationError) {
        try await self.init(
            settings.endpoint.url, settings.provider, bypassesProxy: settings.bypassesProxy,
            engine: engine, configuration: configuration, time: time, seed: seed, onWait: onWait,
            onFailure: onFailure)
    }
}
