import Arguments
import CommandLine
import HTTPServer
import LocalAWS
import System

/// The embedded server, as ``ServeCommand`` wants to see it.
struct EngineServer: RunningServer {
    private let server: LocalServer
    let url: String
    let exposureWarning: String?

    static func start(_ arguments: ServeArguments) throws -> any RunningServer {
        do {
            let options = try ServerOptions(arguments)
            let server = try LocalServer(options)
            server.start()
            return EngineServer(
                server: server, url: server.endpoint, exposureWarning: options.exposureWarning)
        } catch let error as ServerError {
            throw CommandFailure(error.message, hints: error.hint.map { [$0] } ?? [])
        }
    }

    func stop() { server.stop() }
}

extension ServerOptions {
    fileprivate init(_ arguments: ServeArguments) throws {
        self.init()
        host = arguments.host
        port = UInt16(arguments.port)
        region = arguments.region
        seed = arguments.seed ?? seed
        idSeed = arguments.seed ?? anySeed()
        faults = arguments.faults
        capacity = arguments.capacity == .model ? .model : .unlimited
        burstSeconds = Double(arguments.burstSeconds)
        timeScale = arguments.timeScale
        partitions = arguments.partitions
        liveCounts = arguments.hasLiveCounts
        recovery = arguments.hasRecovery
        keepNumbers = arguments.keepsNumbers
        tls = arguments.tls.map { .init(certificate: $0.certificate, key: $0.key) }
        requireSignature = arguments.requiredSignature.map {
            .init(accessKey: $0.id, secret: $0.secret)
        }
        access = arguments.access.map { access in
            AccessRule(
                .init(accessKey: access.key.id, secret: access.key.secret),
                AccessRule.Level(rawValue: access.level.rawValue) ?? .none,
                except: Set(access.exceptions))
        }
        phaseDuration = .milliseconds(arguments.settleMilliseconds)
        exportDuration = arguments.exportMilliseconds.map { .milliseconds($0) }
        exportFailures = arguments.failedExports.flatMap {
            Array(repeating: ExportFailure($0.code), count: $0.count)
        }
        without = Set(arguments.missingOperations ?? [])
        if let unknown = unknownOperations.first {
            let meant = nearest(to: unknown, among: Self.operationNames)
            throw UsageError(
                "the server has no operation '\(unknown)'",
                hints: [meant.map { "did you mean \($0)?" } ?? "see dynaferry serve --help"])
        }
        (buckets, s3Folder) = (arguments.buckets, arguments.objectFolder)
        fills = try arguments.fills.map {
            try Fill(parsing: "\($0.table)=\($0.items):\($0.shape.rawValue)")
        }
    }
}
