import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import S3

/// Goal: exports go into buckets of servers that others wrote and come back equal; what others make
/// of a table ours reads, and what ours makes others read.
/// Method: moto, ministack and SeaweedFS for the files, each with an identity of its own; boto3
/// makes and compares items of all types; moto imports and exports.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython), .timeLimit(.minutes(20)))
struct ExportInteropTests {
    /// For more: `DYNAFERRY_EXPORT_ITEMS=50000 scripts/test.sh Interop`.
    private static let count =
        ProcessInfo.processInfo.environment["DYNAFERRY_EXPORT_ITEMS"].flatMap { Int($0) } ?? 1_500
    private static let secondsMax = 120 + count / 50
    private let folder: TemporaryFolder
    private let source: Server

    init() async throws {
        folder = try TemporaryFolder()
        source = try Server.serve()
        _ = try await Programs.runScript(
            "files.py", ["fill", source.url, "orders", "\(Self.count)"],
            secondsMax: Self.secondsMax)
    }

    /// Runs the program between DynamoDB, as one user, and a bucket, as another.
    private func run(
        _ words: [String], _ keys: (access: String, secret: String),
        isFilesTarget: Bool
    ) throws -> Binary.Result {
        let (tablesPrefix, filesPrefix) = isFilesTarget ? ("SRC", "DEST") : ("DEST", "SRC")
        let path = folder.path("keys.env")
        try """
        \(tablesPrefix)_AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
        \(tablesPrefix)_AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
        \(filesPrefix)_AWS_ACCESS_KEY_ID=\(keys.access)
        \(filesPrefix)_AWS_SECRET_ACCESS_KEY=\(keys.secret)
        """.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return try Binary.shell(
            "exec \"$0\" \"$@\"",
            words + [
                "--env-file", path, "--region", "us-east-1", "--state-dir", folder.path("jobs"),
                "--progress", "none",
            ], environment: [:])
    }

    @Test(arguments: StorageServer.all)
    func `a table that has gone through a bucket is the same`(server: StorageServer) async throws {
        let bucket = "export-\(server.rawValue)"
        try await server.make(bucket)
        let out = try run(
            [
                "copy", "orders", "s3://\(bucket)/out/", "--source-endpoint", source.url,
                "--target-endpoint", try server.url, "--file-size", "64KiB", "--verify",
            ], server.keys, isFilesTarget: true)
        #expect(out.status == 0, "\(out)")
        let into = try run(
            [
                "copy", "s3://\(bucket)/out/", "back", "--source-endpoint", try server.url,
                "--target-endpoint", source.url, "--verify",
            ], server.keys, isFilesTarget: false)
        #expect(into.status == 0, "\(into)")
        let same = try await Programs.runScript(
            "files.py", ["same", source.url, "orders", source.url, "back"],
            secondsMax: Self.secondsMax)
        #expect(same.contains("\(Self.count)"))
    }

    @Test func `an independent reader takes a folder for an export`() async throws {
        let out = try run(
            ["copy", "orders", folder.path("out/"), "--endpoint", source.url], ("a", "b"),
            isFilesTarget: true)
        #expect(out.status == 0, "\(out)")
        let read = try await Programs.runScript(
            "read_export.py", [folder.path("out/"), source.url, "orders", "pk,sk"],
            secondsMax: Self.secondsMax)
        #expect(read.contains("\(Self.count)"))
    }

    @Test func `others import what ours exports`() async throws {
        let server = StorageServer.moto
        try await server.make("imported")
        _ = try await Programs.runScript(
            "files.py", ["fill", source.url, "plain", "300", "simple"])
        let out = try run(
            [
                "copy", "plain", "s3://imported/out/", "--source-endpoint", source.url,
                "--target-endpoint", try server.url,
            ], server.keys, isFilesTarget: true)
        #expect(out.status == 0, "\(out)")
        let objects = try await server.bucket("imported").objects(prefix: "out/", countMax: 100)
        let data = try #require(objects.first { $0.key.contains("/data/") }?.key)
        let prefix = data.prefix(upTo: try #require(data.range(of: "/data/")).upperBound)
        _ = try await Programs.runScript(
            "files.py", ["load", try server.url, "imported", String(prefix), "loaded"])
        _ = try await Programs.runScript(
            "files.py", ["same", source.url, "plain", try server.url, "loaded"])
    }

    @Test func `ours imports what others export`() async throws {
        let server = StorageServer.moto
        try await server.make("theirs")
        _ = try await Programs.runScript(
            "files.py", ["fill", try server.url, "there", "300", "plain"])
        _ = try await Programs.runScript("files.py", ["dump", try server.url, "there", "theirs"])
        let into = try run(
            [
                "copy", "s3://theirs/theirs/", "here", "--key", "pk:S,sk:N", "--source-endpoint",
                try server.url, "--target-endpoint", source.url,
            ], server.keys, isFilesTarget: false)
        #expect(into.status == 0, "\(into)")
        #expect(into.err.contains("no manifest"), "\(into)")
        _ = try await Programs.runScript(
            "files.py", ["same", try server.url, "there", source.url, "here"])
    }
}
