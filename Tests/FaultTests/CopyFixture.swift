import AWS
import DynamoDB
import DynamoModel
import Foundation
import JSON
import Jobs
import LocalAWS
import Pacing
import Status
import Testing

@testable import Transfer

/// An embedded server of this process, and copies between its tables.
final class CopyFixture {
    let server: LocalServer
    private let engine: HTTPEngine
    var clientConfiguration = Client.Configuration()
    /// Is told what a copy tells its user.
    var note: @Sendable (String) -> Void = { _ in }
    private let folder: URL

    init(
        engine configuration: HTTPEngine.Configuration = HTTPEngine.Configuration(),
        _ configure: (inout ServerOptions) throws -> Void = { _ in }
    ) throws {
        engine = HTTPEngine(configuration)
        var options = ServerOptions()
        options.phaseDuration = .milliseconds(1)
        try configure(&options)
        // However long the tests beside it keep this one waiting.
        clientConfiguration.firstReplyWithin = .seconds(600)
        server = try LocalServer(options)
        server.start()
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        engine.shutdown()
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    var jobs: JobFolder { JobFolder(folder.appendingPathComponent("jobs").path) }
    var deadLettersPath: String { folder.appendingPathComponent("letters.jsonl").path }

    func client() async throws -> Client {
        let options = SideOptions(
            region: "us-east-1", endpoint: server.endpoint,
            credentials: Credentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE",
                secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", sessionToken: nil))
        let settings = try SideSettings.resolve(options, environment: [:])
        return try await Client(
            settings, engine: engine, configuration: clientConfiguration, seed: 1)
    }

    func prepare(
        _ source: String = "source", _ target: String = "target",
        _ configure: (inout CopyOptions) -> Void = { _ in }
    ) async throws -> Job {
        try await prepare(pairs: [(source, target)], configure)
    }

    func prepare(
        pairs: [(source: String, target: String)],
        _ configure: (inout CopyOptions) -> Void = { _ in }
    ) async throws -> Job {
        var options = CopyOptions()
        options.deadLettersPath = deadLettersPath
        options.giveUpAfter = .seconds(60)
        configure(&options)
        let client = try await client()
        let job = JobOptions(folder: jobs, request: ["copy", pairs[0].source, pairs[0].target])
        let tables = pairs.map { source, target in
            (
                CopySource.table(SourceTable(name: source, reader: ReadOnlyClient(client))),
                TargetTable(name: target, client: client)
            )
        }
        return try await CopyPreparation.prepare(
            pairs.map { _ in options }, job: job, tables: tables, note: note, seed: 1)
    }

    /// Copies and returns the report; the server's other tables stay as they are.
    func copy(
        _ source: String = "source", _ target: String = "target",
        _ configure: (inout CopyOptions) -> Void = { _ in }
    ) async throws -> JobStatus {
        try await prepare(source, target, configure).run()
    }

    /// The target holds the source's items and no others, as the server's own store has them.
    func expectEqual(
        _ source: String = "source", _ target: String = "target",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let items = server.items(of: source)
        #expect(
            items == server.items(of: target), "\(items.count) items",
            sourceLocation: sourceLocation)
    }
}

extension CopyFixture {
    /// A copy that is stopped at random instants, and resumed until it has completed.
    /// - Parameter delays: milliseconds before a stop; each run gets more of them.
    func copyThroughStops(
        seed: UInt64, delays: ClosedRange<Int> = 5...40,
        _ configure: (inout CopyOptions) -> Void
    ) async throws -> JobStatus {
        var generator = SeededGenerator(seed: seed)
        var run = 0
        while true {
            run += 1
            let job = try await prepare("source", "target", configure)
            let delay = run * Int.random(in: delays, using: &generator)
            let stopper = Task {
                try await Task.sleep(for: .milliseconds(delay))
                job.stop()
            }
            let status = await job.run()
            stopper.cancel()
            if status.outcome != .stopped { return status }
        }
    }

    /// Items are the same by their values, whatever order their attributes stand in.
    func expectSame(
        _ source: String, _ target: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let (left, right) = (try values(of: source), try values(of: target))
        #expect(left.count == server.count(of: source), sourceLocation: sourceLocation)
        #expect(left == right, "\(left.count) items", sourceLocation: sourceLocation)
    }

    private func values(of table: String) throws -> Set<[[UInt8]: AttributeValue]> {
        Set(try server.items(of: table).map { try Item(JSON(parsing: $0)) })
    }
}

/// What there is of the one table of a test's job.
extension Job {
    private var copy: CopyTask { tables[0].task as! CopyTask }

    var source: TableDescription { copy.subject.source }
    var target: TableDescription { copy.subject.target }

    func limits() throws -> ResolvedLimits { try copy.limits(under: RequestedLimits())! }
}

extension JobStatus {
    var deadLettersPath: String? { deadLettersPaths.first }
}

extension CopyRefusal {
    /// What a copy that must be refused is refused with.
    static func of(_ body: () async throws -> Job) async -> CopyRefusal? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? CopyRefusal
        }
    }
}

extension RequestedLimits {
    static func limits(_ set: (inout RequestedLimits) -> Void) -> RequestedLimits {
        var limits = RequestedLimits()
        set(&limits)
        return limits
    }
}
