import Dispatch
import Pacing
import System

@testable import AWS

/// Clients for tests, and one attempt as an async call.
enum TestClient {
    /// Until there was an answer, a request ends within 4.5 s; to that two cores on which all of
    /// these tests run at once add what they need. What is not given up soon is repeated for a
    /// quarter of an hour. `CopyTranscriptTests` hold the five seconds against the program itself.
    static let promptly = Duration.seconds(60)

    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let token = "AQoDYXdzEPTtokentokentoken"

    static func settings(
        _ url: String, provider: (any CredentialProvider)? = nil, caBundle: String? = nil
    ) throws -> SideSettings {
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token)
        return SideSettings(
            endpoint: try Endpoint(url: url, region: "us-east-1"),
            provider: provider ?? FixedCredentials(credentials, origin: "test"),
            trust: TrustedCertificates(file: caBundle), bypassesProxy: true)
    }

    static func make(
        _ url: String, provider: (any CredentialProvider)? = nil, caBundle: String? = nil,
        time: any TimeSource = MonotonicTime(),
        onWait: Client.WaitObserver? = nil, onFailure: Client.FailureObserver? = nil,
        engine adjustEngine: (inout HTTPEngine.Configuration) -> Void = { _ in },
        client adjustClient: (inout Client.Configuration) -> Void = { _ in }
    ) async throws -> Client {
        var engine = HTTPEngine.Configuration()
        engine.trust = TrustedCertificates(file: caBundle)
        adjustEngine(&engine)
        var configuration = Client.Configuration()
        configuration.backoff = Backoff(base: .milliseconds(1), cap: .milliseconds(20))
        configuration.throttleBackoff = configuration.backoff
        adjustClient(&configuration)
        return try await Client(
            try settings(url, provider: provider, caBundle: caBundle), engine: HTTPEngine(engine),
            configuration: configuration, time: time, seed: 1, onWait: onWait,
            onFailure: onFailure)
    }
}

extension Client {
    private static let queue = DispatchQueue(label: "test")

    func attempt(
        _ operation: AWS.Operation = .describeTable, body: String = "{}",
        reply: ByteBuffer = ByteBuffer(), replyBytesMax: Int = 1 << 20, repeatable: Bool = true
    ) async -> Result<Reply, AWSError> {
        let bytes = ByteBuffer()
        bytes.append(Array(body.utf8))
        // The thread sanitizer does not know that a continuation synchronises; a lock it does.
        let box = Locked<Result<Reply, AWSError>?>(nil)
        await withCheckedContinuation { continuation in
            send(
                operation, body: bytes, reply: reply, replyBytesMax: replyBytesMax, on: Self.queue,
                repeatable: repeatable
            ) { result in
                box.withLock { $0 = result }
                continuation.resume()
            }
        }
        return box.withLock { $0! }
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
    var success: Success? { try? get() }
}

extension ByteBuffer {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
