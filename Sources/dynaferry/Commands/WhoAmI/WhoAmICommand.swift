import AWS
import Arguments
import CommandLine
import JSON
import Pacing
import System

/// Says who each side is.
package struct WhoAmICommand: Sendable {
    let arguments: WhoAmIArguments
    let console: Console
    let environment: [String: String]

    package init(_ arguments: WhoAmIArguments, console: Console, environment: [String: String]) {
        self.arguments = arguments
        self.console = console
        self.environment = environment
    }

    package func run() throws -> ExitCode {
        let identities: [SideIdentity] = try Blocking.run {
            try await CommandFailure.wrapping { try await bothIdentities() }
        }
        if arguments.json {
            console.show(JSON.object(identities.map { .init($0.side, $0.json) }).text)
        } else {
            let now = UTCTime(secondsSinceEpoch: Int(clamping: MonotonicTime().secondsSinceEpoch))
            console.show(
                identities.map { $0.lines(now: now).joined(separator: "\n") }
                    .joined(separator: "\n"))
        }
        let failures = identities.compactMap { identity in
            identity.error.map { (identity.side, $0) }
        }
        for (side, error) in failures {
            console.fail("\(side): \(error.message)", hints: error.hint.map { [$0] } ?? [])
        }
        return failures.isEmpty ? .success : .failure
    }

    private func bothIdentities() async throws -> [SideIdentity] {
        let sides = arguments.sides
        let resolver = try SideResolver(envFile: sides.envFile, environment: environment)
        let pair = resolver.settings(source: sides.filledSource, target: sides.filledTarget)
        return [
            await identity("source", pair.source), await identity("target", pair.target),
        ]
    }

    private func identity(
        _ side: String, _ result: Result<SideSettings, ConfigurationError>
    ) async -> SideIdentity {
        var identity = SideIdentity(side: side)
        do throws(ConfigurationError) {
            let settings = try result.get()
            identity.endpoint = settings.endpoint
            identity.certificates = settings.trust.description
            identity.origin = settings.provider.origin
            let credentials = try await settings.provider.credentials()
            identity.accessKeyID = credentials.accessKeyID
            identity.expiration = credentials.expiration
            identity.caller = try await settings.identity(of: credentials)
        } catch {
            identity.error = error
        }
        return identity
    }
}
