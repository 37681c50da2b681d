import Pacing

/// What finding credentials needs of the program: tests and tools bring their own.
package struct CredentialTools: Sendable {
    package var time: any TimeSource = MonotonicTime()

    /// Asks a person for the code that a device shows now; nil where there is no terminal. May
    /// block: it is called on a thread of its own.
    package var askForCode: (@Sendable (_ device: String) -> String?)?

    package init() {}
}

/// What all providers of one side share.
///
/// Its environment holds secrets, so no description shows anything of it.
struct CredentialContext: Sendable, CustomStringConvertible, CustomReflectable {
    /// Without variables that are empty: those count as not set.
    let environment: [String: String]
    let files: any FileReader
    let profileFiles: ProfileFiles
    let services: ServiceLocator
    let caller: HTTPCaller
    let region: String
    let tools: CredentialTools

    var description: String { "credential context" }
    var customMirror: Mirror { Mirror(self, children: []) }

    func tokenService() throws(ConfigurationError) -> TokenService {
        TokenService(
            endpoint: try services.endpoint(of: .sts, in: region), region: region, caller: caller,
            time: tools.time)
    }

    /// Shared, and renewed ahead of its end.
    func renewed(_ provider: any CredentialProvider) -> RenewedCredentials {
        RenewedCredentials(provider, time: tools.time)
    }

    /// A whole file as text; throws when there is none.
    func text(ofFileAt path: String, _ what: String) throws(ConfigurationError) -> String {
        guard let bytes = try files.bytes(ofFileAt: path) else {
            throw ConfigurationError(.file, "there is no \(what) at \(path)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(.file, "the \(what) at \(path) is not UTF-8 text")
        }
        return text
    }
}
