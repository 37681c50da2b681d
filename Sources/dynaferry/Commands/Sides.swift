import AWS
import Arguments
import CommandLine
import Flow
import Jobs
import S3
import Status
import System
import Transfer

/// Both sides' settings, and the engines that carry their requests: one for both, unless they
/// trust other certificates.
struct Sides {
    private let pair: SideResolver.Pair
    private let engines: [TrustedCertificates: HTTPEngine]

    init(
        _ arguments: CopyArguments, environment: [String: String], uses: Used = .both
    ) throws(ConfigurationError) {
        let resolver = try SideResolver(
            envFile: arguments.sides.envFile, environment: environment)
        pair = resolver.settings(
            source: arguments.sourceSide, target: arguments.targetSide)
        let used =
            switch uses {
            case .both: [try pair.source.get(), try pair.target.get()]
            case .source: [try pair.source.get()]
            case .target: [try pair.target.get()]
            }
        var engines: [TrustedCertificates: HTTPEngine] = [:]
        for trust in used.map(\.trust) where engines[trust] == nil {
            var configuration = HTTPEngine.Configuration()
            configuration.trust = trust
            configuration.proxies = ProxyRules(environment: environment)
            configuration.connectionsKept =
                2 * (arguments.tables ?? Self.tablesUsual(arguments)) * Self.requestsMax(arguments)
            configuration.lanes = arguments.lanes ?? Self.lanesUsual
            engines[trust] = HTTPEngine(configuration)
        }
        self.engines = engines
    }

    /// Sides that are reached by requests; files of this machine are not.
    enum Used {
        case both
        case source
        case target
    }

    var source: SideSettings { get throws(ConfigurationError) { try pair.source.get() } }
    var target: SideSettings { get throws(ConfigurationError) { try pair.target.get() } }

    /// Threads that carry requests: one carries what a core can cut and sign.
    private static var lanesUsual: Int { min(OwnThread.coreCount, 4) }

    /// Tables at a time, as estimated before they are looked at.
    private static func tablesUsual(_ arguments: CopyArguments) -> Int {
        let hasTotal = arguments.totalReadUnits != nil || arguments.totalWriteUnits != nil
        return hasTotal ? UnitTotals.widthMax : JobRecord.Kind.copy.widthUsual
    }

    /// Of the table that has most. Twice the requests in flight keep connections through lulls.
    private static func requestsMax(_ arguments: CopyArguments) -> Int {
        let asked = ([arguments] + arguments.entries.map(\.arguments)).map {
            ($0.scanConcurrency ?? 0) + ($0.writeConcurrency ?? 0)
        }
        return max(256, asked.max() ?? 0)
    }

    /// Reaches Application Auto Scaling; nil where that can't be.
    func scaling(
        _ settings: SideSettings, _ arguments: CopyArguments, _ voice: JobConsole
    ) async throws(ConfigurationError) -> Client? {
        guard let scaling = settings.scaling else { return nil }
        return try await client(scaling, arguments, voice)
    }

    /// Reaches a bucket of a side.
    func bucket(
        _ name: BucketName, of settings: SideSettings, _ arguments: CopyArguments,
        _ voice: JobConsole
    ) async throws(ConfigurationError) -> BucketClient {
        let storage = try settings.storage()
        let client = try await RESTClient(
            storage, engine: engines[settings.trust]!, configuration: configuration(arguments),
            seed: anySeed(), onWait: { voice.note($0) },
            onFailure: { error, latency in voice.log("\(error.logLine) after \(latency)") })
        return try BucketClient(name, arguments.files.bucket, storage, client: client)
    }

    private func configuration(_ arguments: CopyArguments) -> Client.Configuration {
        var configuration = Client.Configuration()
        configuration.acceptsGzip = arguments.gzip
        configuration.giveUpAfter = arguments.giveUpAfter
        return configuration
    }

    func client(
        _ settings: SideSettings, _ arguments: CopyArguments, _ voice: JobConsole
    ) async throws(ConfigurationError) -> Client {
        return try await Client(
            settings, engine: engines[settings.trust]!,
            configuration: configuration(arguments),
            seed: anySeed(), onWait: { voice.note($0) },
            onFailure: { error, latency in voice.log("\(error.logLine) after \(latency)") })
    }
}

/// A seed for jitter, which must differ from one process to the next.
func anySeed() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
}

extension CommandFailure {
    /// Runs `body`, and says what it may throw as any other failure of a command.
    static func wrapping<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as UsageError {
            throw error
        } catch {
            throw CommandFailure(telling: error)
        }
    }

    /// An error of any part in its own words, with what to do where that is known.
    init(telling error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as UsageError: self.init(error.message, hints: error.hints, code: .usage)
        case let refusal as CopyRefusal: self.init(refusal.message, hints: refusal.hints)
        case let error as JobError: self.init(error.message, hint: error.hint)
        case let error as ConfigurationError: self.init(error.message, hint: error.hint)
        case let failure as FlowFailure: self.init(failure.message, hint: failure.hint)
        case let error as AWSError:
            self.init("\(error.operation): \(error.code): \(error.headline)", hint: error.hint)
        default: self.init("\(error)")
        }
    }

    private init(_ message: String, hint: String?) {
        self.init(message, hints: hint.map { [$0] } ?? [])
    }
}
