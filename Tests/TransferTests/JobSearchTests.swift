import DynamoModel
import Foundation
import JSON
import Pacing
import Testing

@testable import Jobs
@testable import Transfer

/// Goal: the same command finds its job again, and only a job that may go on does.
@Suite struct JobSearchTests {
    private struct FixedTime: TimeSource {
        var now: Instant { .zero }
        let secondsSinceEpoch: Double
    }

    private let folder = JobFolder(
        NSTemporaryDirectory() + "dynaferry-jobs-\(UUID().uuidString)")

    private static func table(
        _ name: String, id: String? = "id", key: String = "p"
    ) throws -> TableDescription {
        var json: JSON = [
            "TableName": .string(name), "TableArn": .string("arn:of:\(name)"),
            "KeySchema": [["AttributeName": .string(key), "KeyType": "HASH"]],
            "AttributeDefinitions": [["AttributeName": .string(key), "AttributeType": "S"]],
        ]
        json["TableId"] = id.map { .string($0) }
        return try TableDescription(json)
    }

    private func identity(_ target: String = "to", merges: Bool = false) throws -> JobIdentity {
        JobIdentity([try subject(target, merges: merges)], selection: nil)
    }

    private func subject(_ target: String, merges: Bool) throws -> JobIdentity.Table {
        var options = CopyOptions()
        options.mergesIntoItems = merges
        return JobIdentity.Table(
            source: "arn:of:from", sourceEndpoint: "http://a", target: target,
            targetEndpoint: "http://b", options: options)
    }

    private func search(
        at seconds: Double = 200, _ configure: (inout JobOptions) -> Void = { _ in }
    ) throws -> JobSearch {
        var options = JobOptions(folder: folder, request: ["copy", "from", "to"])
        configure(&options)
        return JobSearch(
            options: options, identity: try identity(),
            time: FixedTime(secondsSinceEpoch: seconds))
    }

    /// A job that stopped at 100.
    private func make(targetWas: JobTable.Target = .empty, targetID: String? = "id") throws {
        try folder.prepare()
        let record = JobRecord(
            id: "one", created: 100, request: ["words": ["copy", "from", "to"]],
            identity: try identity().text, processID: 1)
        let table = JobTable(
            source: "from", target: "to", sourceID: "id", targetID: targetID,
            schema: try Self.table("from").schema, targetWas: targetWas, segments: 4,
            itemsReported: 0)
        _ = try JobFile.create(folder.databasePath("one"), record, [table])
    }

    private func refusal(
        _ search: JobSearch, source: TableDescription, target: TableDescription?,
        segments: Int? = nil
    ) throws -> CopyRefusal? {
        let job = try #require(try search.find())
        do {
            try search.check(
                job.tables[0].record, of: job, source: source, target: target, segments: segments)
            try search.checkAge(of: job)
            return nil
        } catch {
            return error
        }
    }

    @Test func `what decides what is written is what a job is known by`() throws {
        try make()
        #expect(try search().find()?.record.id == "one")
        #expect(try identity().text != identity("other").text)
        #expect(try identity().text != identity(merges: true).text)
        func merging(_ first: Bool, _ second: Bool) throws -> String {
            JobIdentity(
                [
                    try subject("to", merges: first), try subject("other", merges: second),
                ], selection: nil
            ).text
        }
        let texts = try [(false, false), (false, true), (true, false), (true, true)].map(merging)
        #expect(Set(texts).count == 4)
        try FileManager.default.removeItem(atPath: folder.path)
    }

    @Test func `a job goes on between the tables that it began with, and no others`() throws {
        try make()
        let (from, to) = (try Self.table("from"), try Self.table("to"))
        #expect(try refusal(search(), source: from, target: to) == nil)
        let cases: [(TableDescription, TableDescription?, String)] = [
            (try Self.table("from", key: "q"), to, "no longer those"),
            (try Self.table("from", id: "new"), to, "from is another table"),
            (from, try Self.table("to", id: "new"), "to is another table"),
            (from, nil, "is gone"),
        ]
        for (source, target, words) in cases {
            let refusal = try refusal(search(), source: source, target: target)
            #expect(refusal?.message.contains(words) == true, "\(words)")
            #expect(refusal?.hint?.contains("jobs remove one") == true, "\(words)")
        }
        try FileManager.default.removeItem(atPath: folder.path)
    }

    @Test func `a target that was about to be made may be there or not`() throws {
        try make(targetWas: .creating, targetID: nil)
        let from = try Self.table("from")
        #expect(try refusal(search(), source: from, target: nil) == nil)
        #expect(try refusal(search(), source: from, target: Self.table("to")) == nil)
        try FileManager.default.removeItem(atPath: folder.path)
    }

    @Test func `after a day a job is gone on with only when asked to`() throws {
        try make()
        let (from, to) = (try Self.table("from"), try Self.table("to"))
        let late = 100.0 + 25 * 3_600
        let refusal = try refusal(search(at: late), source: from, target: to)
        #expect(refusal?.message.contains("stopped 25 h ago") == true)
        #expect(refusal?.hint?.contains("--resume") == true)
        #expect(refusal?.hint?.contains("--restart") == true)
        // A clock that was set back since the job stopped makes it no older.
        #expect(try self.refusal(search(at: 50), source: from, target: to) == nil)
        for asked in [\JobOptions.resumesOld, \JobOptions.restarts] {
            let search = try search(at: late) { $0[keyPath: asked] = true }
            #expect(try self.refusal(search, source: from, target: to) == nil)
        }
        try FileManager.default.removeItem(atPath: folder.path)
    }

    @Test func `only other segments that are asked for are refused, but not to begin anew`() throws
    {
        try make()
        let (from, to) = (try Self.table("from"), try Self.table("to"))
        #expect(try refusal(search(), source: from, target: to, segments: 4) == nil)
        let refusal = try refusal(search(), source: from, target: to, segments: 5)
        #expect(refusal?.message.contains("scans from in 4 segments") == true)
        let anew = try search { $0.restarts = true }
        #expect(try self.refusal(anew, source: from, target: to, segments: 5) == nil)
        try FileManager.default.removeItem(atPath: folder.path)
    }

    @Test func `a job's name may be given, but not that of another copy or of a finished one`()
        throws
    {
        try make()
        #expect(try search { $0.id = "one" }.find()?.record.id == "one")
        #expect(try search { $0.id = "two" }.find() == nil)
        var other = try search { $0.id = "one" }
        other = JobSearch(
            options: other.options, identity: try identity("elsewhere"), time: other.time)
        #expect(throws: CopyRefusal.self) { try other.find() }
        try JobFile.open(folder.databasePath("one"), readOnly: false)
            .setState(.finished, at: 101)
        #expect(throws: CopyRefusal.self) { try search { $0.id = "one" }.find() }
        #expect(try search().find() == nil)
        try FileManager.default.removeItem(atPath: folder.path)
    }

    @Test func `a command is written as a shell takes it`() {
        #expect(
            ShellWords.command(["copy", "a-b", "it's", "", "x y"])
                == "dynaferry copy a-b 'it'\\''s' '' 'x y'")
    }
}
