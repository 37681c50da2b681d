import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Foundation
import JSON
import Jobs
import LocalAWS
import S3
import System
import TestSupport
import Testing
import Transfer

/// A server, a folder that tables are exported into, and copies both ways.
struct FilesFixture {
    let fixture: CopyFixture
    let folder: TemporaryFolder
    let store: any WritableFileStore

    init(_ configure: (inout ServerOptions) -> Void = { _ in }) throws {
        fixture = try CopyFixture { configure(&$0) }
        folder = try TemporaryFolder()
        store = FolderStore(folder.path("dump/"))
    }

    /// Into a bucket of the server's instead.
    init(
        bucket name: String, engine configuration: HTTPEngine.Configuration,
        _ configure: (inout ServerOptions) -> Void
    ) async throws {
        fixture = try CopyFixture(engine: configuration) { options in
            options.buckets = [BucketSetting(name)]
            configure(&options)
        }
        folder = try TemporaryFolder()
        let settings = StorageSettings(
            endpoint: try StorageEndpoint(url: fixture.server.endpoint, region: "us-east-1"),
            provider: FixedCredentials(
                Credentials(
                    accessKeyID: "AKIAIOSFODNN7EXAMPLE",
                    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                origin: "test"),
            bypassesProxy: true)
        let client = try await RESTClient(
            settings, engine: HTTPEngine(configuration),
            configuration: fixture.clientConfiguration, seed: 1)
        store = WritableBucketStore(
            TargetBucket(
                try BucketClient(
                    try BucketName(name), BucketOptions(), settings, client: client)),
            prefix: "dump/", landsWithin: .zero)
    }

    static let schema = KeySchema(
        partition: KeyAttribute(name: "id", type: .string),
        sort: KeyAttribute(name: "n", type: .number))

    /// Items of every type, and of sizes that differ.
    static func items(_ count: Int) -> [JSON] {
        (0..<count).map { number in
            [
                "id": ["S": .string("item \(number / 3)")], "n": ["N": .string("\(number % 3)")],
                "text": [
                    "S": .string("\u{e9}\"\\\n" + String(repeating: "x", count: number % 700))
                ],
                "big": ["N": "12345678901234567890123456789012345678"],
                "empty": ["S": ""], "blob": ["B": "AAEC"], "blobs": ["BS": ["AAEC", "AQ=="]],
                "numbers": ["NS": ["1", "2.5"]], "yes": ["BOOL": true], "nothing": ["NULL": true],
                "list": ["L": [["M": ["a": ["L": []]]]]],
            ]
        }
    }

    func load(_ name: String, _ items: [JSON]) throws {
        var definition = TableDefinition(name: name, schema: Self.schema)
        definition.billing = .onDemand(Throughput())
        try fixture.server.load(definition, items: items)
    }

    func export(
        _ source: String = "source",
        _ configure: (inout ExportOptions) -> Void = { _ in }
    ) async throws -> Job {
        var options = ExportOptions()
        options.fileBytes = 16 << 10
        options.giveUpAfter = .seconds(20)
        configure(&options)
        options.memory = ExportOptions.memoryUsual(options.compression)
        let table = SourceTable(name: source, reader: ReadOnlyClient(try await fixture.client()))
        return try await ExportPreparation.prepare(
            [options], job: JobOptions(folder: fixture.jobs, request: ["copy", source, "dump/"]),
            [ExportPreparation.Pair(table, to: store)], note: fixture.note, seed: 1)
    }

    /// What there is of the one export.
    /// - Parameter patience: zero makes one attempt.
    func read(patience: Duration = .zero) async throws -> ReadExport {
        let listing = ExportListing(try await store.listed("", patience: patience))
        let found = try #require(listing.exports.first)
        return try await ExportReader(store, patience: patience).read(found)
    }

    func importing(
        _ export: ReadExport, into target: String = "target", of files: (any FileStore)? = nil,
        keepsNothing: Bool = false, _ configure: (inout CopyOptions) -> Void = { _ in }
    ) async throws -> Job {
        var source = try described(export)
        if let files { source.files = files }
        var options = CopyOptions()
        options.memory = CopyOptions.memoryFromFiles
        options.deadLettersPath = fixture.deadLettersPath
        options.giveUpAfter = .seconds(20)
        configure(&options)
        var job = JobOptions(folder: fixture.jobs, request: ["copy", "dump/", target])
        job.keepsNothing = keepsNothing
        return try await CopyPreparation.prepare(
            [options], job: job,
            tables: [
                (.export(source), TargetTable(name: target, client: try await fixture.client()))
            ], note: fixture.note, seed: 1)
    }

    /// The export as a side of a copy or of a verification.
    func described(_ export: ReadExport) throws -> ExportedSource {
        let table = try #require(export.table)
        var json = table.description
        json["ItemCount"] = JSON(export.items ?? 0)
        var description = try TableDescription(json)
        description.id = "export \(export.id)"
        return ExportedSource(store, export, description, TableSettings(json: table.settings))
    }

    /// Files of the export, by their paths.
    func paths(_ suffix: String) async throws -> [String] {
        try await store.listed("", patience: .zero).map(\.name)
            .filter { $0.hasSuffix(suffix) && $0.contains("/data/") }
            .map { folder.path("dump/" + $0) }
    }
}
