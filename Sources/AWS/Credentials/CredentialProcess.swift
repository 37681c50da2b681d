import JSON
import System

/// Credentials that a program of the user's writes to stdout (`credential_process`; the SDKs'
/// guide, "Process credential provider"). It is run without a shell, and nothing of what it writes
/// is ever shown.
struct CredentialProcess: CredentialProvider {
    let profile: String
    private let words: [String]
    private let environment: [String: String]
    private let limit: Duration

    /// A longer output is none of a program that does what it should.
    static let bytesMax = 1 << 16

    init(
        profile: String, command: String, _ context: CredentialContext,
        within limit: Duration = .seconds(60)
    ) throws(ConfigurationError) {
        guard let words = CommandWords.split(command), !words.isEmpty else {
            throw ConfigurationError(
                .credentials,
                "profile \"\(profile)\": its credential_process is empty or a quote is not closed")
        }
        self.profile = profile
        self.words = words
        self.limit = limit
        environment = context.environment
    }

    var origin: String { "credential process of profile \"\(profile)\"" }

    func credentials() async throws(ConfigurationError) -> Credentials {
        let result = await OwnThread.run { [words, environment, limit] in
            Result { () throws(ProcessOutput.Failure) in
                try ProcessOutput.of(
                    words, environment: environment, within: limit, bytesMax: Self.bytesMax)
            }
        }
        let output: [UInt8]
        do throws(ProcessOutput.Failure) {
            output = try result.get()
        } catch {
            throw failure(text(error))
        }
        guard let document = CredentialDocument(output) else {
            throw failure("it wrote no JSON object")
        }
        guard document["Version"]?.int(in: 1...1) != nil else {
            throw failure("its output is not of version 1")
        }
        do throws(CredentialDocument.Defect) {
            return try document.credentials(token: "SessionToken", needsToken: false)
        } catch {
            throw failure(error.reason)
        }
    }

    private func text(_ failure: ProcessOutput.Failure) -> String {
        switch failure {
        case .notStarted(let reason): "it can't be started: \(reason)"
        case .tookTooLong: "it did not end within \(limit.components.seconds) s"
        case .tooMuchOutput: "it wrote more than \(Self.bytesMax.counted("byte"))"
        case .ended(let code): "it ended with status \(code)"
        case .killed(let signal): "it was ended by signal \(signal)"
        }
    }

    /// Its words may hold secrets: the program's name is all that is said of them.
    private func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError(
            .credentials,
            "the credential_process of profile \"\(profile)\", \(words[0].printable): \(reason)")
    }
}

extension CredentialProcess: CustomStringConvertible, CustomReflectable {
    var description: String { origin }
    var customMirror: Mirror { Mirror(self, children: ["profile": profile]) }
}
