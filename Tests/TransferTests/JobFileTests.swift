import DynamoModel
import Foundation
import JSON
import Pacing
import Status
import System
import Testing

@testable import Connectors
@testable import Flow
@testable import Jobs

/// Goal: a job's file tells after a crash what was committed, and refuses what it does not know.
@Suite struct JobFileTests {
    private static let schema = KeySchema(
        partition: KeyAttribute(name: "p", type: .string),
        sort: KeyAttribute(name: "s", type: .number))

    private func inFolder(_ body: (JobFolder) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "dynaferry-jobs-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = JobFolder(path + "/state")
        try folder.prepare()
        try body(folder)
    }

    private func make(
        _ folder: JobFolder, _ id: String, identity: String = "a to b", created: Double = 100
    ) throws -> JobFile {
        let job = JobRecord(
            id: id, created: created, request: ["segments": 8], identity: identity, processID: 7)
        let table = JobTable(
            source: "a", target: "b", sourceID: "id-a", targetID: nil, schema: Self.schema,
            targetWas: .creating, segments: 8, itemsReported: 1_000)
        return try JobFile.create(folder.databasePath(id), job, [table])
    }

    @Test func `what was saved is read again, by a reader beside the writer too`() throws {
        try inFolder { folder in
            let file = try make(folder, "one")
            let done = PartitionRecord(segment: 3, cursor: nil, items: 40, bytes: 400)
            let half = PartitionRecord(
                segment: 5, cursor: Array(#"{"p":{"S":"x"}}"#.utf8), items: 7, bytes: 70)
            let letter = DeadLetter(
                code: "ValidationException", reason: "bad", key: [1], item: Array("{}".utf8))
            try file.save(
                TableSave(partitions: [half]), ofTable: 0, (JobProgress(), JobProgress()), at: 101)
            let further = PartitionRecord(segment: 5, cursor: [0x7B], items: 9, bytes: 90)
            try file.save(
                TableSave(partitions: [further, done], letters: [letter]), ofTable: 0,
                (JobProgress(), JobProgress()), at: 102)
            try file.setTargetCreated(table: 0, id: "id-b")
            let reader = try JobFile.open(folder.databasePath("one"), readOnly: true)
            let segments = try reader.segments(ofTable: 0)
            #expect(segments.map(\.segment) == [3, 5])
            #expect(segments[0] == done)
            #expect(segments[1].items == 9)
            #expect(try reader.deadLetters(ofTable: 0) == [letter])
            let table = try #require(try reader.tables().first)
            #expect(table.schema == Self.schema)
            #expect(table.targetID == "id-b")
            #expect(try reader.job().updated == 102)
            #expect(try reader.job().request == ["segments": 8])
            #expect(throws: JobError.self) { try reader.setState(.failed, at: 103) }
        }
    }

    @Test func `files and folder are readable by their owner alone`() throws {
        try inFolder { folder in
            let file = try make(folder, "one")
            try file.save(
                TableSave(), ofTable: 0, (JobProgress(), JobProgress()), at: 101)
            let lock = try folder.lock("one")
            #expect(lock != nil)
            func mode(_ path: String) throws -> Int {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                return try #require(attributes[.posixPermissions] as? Int)
            }
            #expect(try mode(folder.path) == 0o700)
            for suffix in ["db", "db-wal", "lock"] {
                #expect(try mode("\(folder.path)/one.\(suffix)") == 0o600, "\(suffix)")
            }
        }
    }

    @Test func `a file of a newer version is refused, and so is another program's`() throws {
        try inFolder { folder in
            _ = try make(folder, "newer")
            let database = try Database(folder.databasePath("newer"), .write)
            try database.execute("PRAGMA user_version = \(JobFile.version + 1)")
            #expect {
                try JobFile.open(folder.databasePath("newer"), readOnly: false)
            } throws: { error in
                (error as? JobError)?.message.contains("newer dynaferry") == true
            }
            try Data().write(to: URL(fileURLWithPath: folder.databasePath("other")))
            try Database(folder.databasePath("other"), .write).execute("CREATE TABLE x (y)")
            #expect(throws: JobError.self) {
                try JobFile.open(folder.databasePath("other"), readOnly: true)
            }
            try Data("no database at all, but text".utf8).write(
                to: URL(fileURLWithPath: folder.databasePath("text")))
            #expect(throws: JobError.self) {
                try JobFile.open(folder.databasePath("text"), readOnly: true)
            }
        }
    }

    @Test func `a new file has what all the steps from the first version on come to`() throws {
        try inFolder { folder in
            _ = try make(folder, "new")
            let path = folder.databasePath("stepped")
            try Data().write(to: URL(fileURLWithPath: path))
            try Database(path, .write).execute(JobSchema.steps.joined(separator: "\n"))
            func found(_ name: String) throws -> [[DatabaseValue]] {
                try Database(folder.databasePath(name), .read).rows(
                    """
                    SELECT found.type, found.name, found.tbl_name, part.*
                    FROM sqlite_schema AS found, pragma_table_xinfo(found.name) AS part
                    ORDER BY found.name, part.cid
                    """)
            }
            #expect(try found("new").count > 50)
            #expect(try found("new") == found("stepped"))
        }
    }

    @Test func `a file of the first version is brought up to date, its dead letters included`()
        throws
    {
        try inFolder { folder in
            let path = folder.databasePath("old")
            try Data().write(to: URL(fileURLWithPath: path))
            try Database(path, .write).execute(
                JobSchema.steps[0] + """
                    PRAGMA user_version = 1;
                    INSERT INTO job VALUES ('old', 1, 2, 'running', NULL, '{}', 'a to b', 7);
                    INSERT INTO tables VALUES
                        (0, 'a', 'b', 'id-a', NULL, 'p', 'S', NULL, NULL, 'empty', 8, 10, 0);
                    INSERT INTO segments VALUES (0, 3, X'7B7D', 4, 40);
                    INSERT INTO dead_letters VALUES (1, 0, 'X', 'bad', X'7B7D');
                    """)
            #expect(throws: JobError.self) { try JobFile.open(path, readOnly: true) }
            #expect(folder.unfinished(identity: "a to b")?.id == "old")
            let file = try JobFile.open(path, readOnly: true)
            #expect(try file.job().runs == 1)
            #expect(try file.tables().first?.progress == JobProgress())
            #expect(try file.segments(ofTable: 0).first?.items == 4)
            #expect(try file.deadLetters(ofTable: 0).first?.reason == "bad")
        }
    }

    /// Goal: what a file says is no precondition, not even what its own tables promise.
    @Test func `a file that has a segment twice is damaged`() throws {
        try inFolder { folder in
            let path = folder.databasePath("twice")
            try Data().write(to: URL(fileURLWithPath: path))
            try Database(path, .write).execute(
                JobSchema.steps[0] + """
                    PRAGMA user_version = 1;
                    INSERT INTO job VALUES ('twice', 1, 2, 'running', NULL, '{}', 'a to b', 7);
                    INSERT INTO tables VALUES
                        (0, 'a', 'b', 'id-a', NULL, 'p', 'S', NULL, NULL, 'empty', 8, 10, 0);
                    """)
            _ = try JobFile.open(path, readOnly: false)
            try Database(path, .write).execute(
                """
                DROP TABLE segments;
                CREATE TABLE segments (in_table, segment, cursor, items, bytes);
                INSERT INTO segments VALUES (0, 3, NULL, 4, 40), (0, 3, NULL, 4, 40);
                """)
            let file = try JobFile.open(path, readOnly: true)
            let error = #expect(throws: JobError.self) { try file.segments(ofTable: 0) }
            #expect(error?.isDamage == true)
        }
    }

    @Test func `sums of buckets that went by other bits are forgotten, their key is not`() throws {
        try inFolder { folder in
            let path = folder.databasePath("old")
            try Data().write(to: URL(fileURLWithPath: path))
            try Database(path, .write).execute(
                JobSchema.steps[..<5].joined(separator: "\n") + """
                    PRAGMA user_version = 5;
                    INSERT INTO job (id, created, updated, state, request, identity, process)
                        VALUES ('old', 1, 2, 'running', '{}', 'a to b', 7);
                    INSERT INTO tables (number, source, target, partition_name, partition_type,
                        target_was, segments, items_reported, is_finished, digest_key)
                        VALUES (0, 'a', 'b', 'p', 'S', 'empty', 8, 10, 0, zeroblob(16));
                    INSERT INTO digest_buckets VALUES (0, 0, zeroblob(48));
                    INSERT INTO digest_segments VALUES (0, 0, 3, X'7B7D', zeroblob(24));
                    """)
            #expect(folder.unfinished(identity: "a to b")?.id == "old")
            let state = try JobFile.open(path, readOnly: true).verifyState(ofTable: 0)
            #expect(state == VerifyState(key: DigestKey(bytes: Array(repeating: 0, count: 16))))
        }
    }

    @Test func `the newest unfinished job of a command is found`() throws {
        try inFolder { folder in
            _ = try make(folder, "old", created: 100)
            _ = try make(folder, "new", created: 200)
            try make(folder, "over", created: 300).setState(.finished, at: 301)
            _ = try make(folder, "another", identity: "c to d", created: 400)
            #expect(folder.unfinished(identity: "a to b")?.id == "new")
            #expect(folder.unfinished(identity: "e to f") == nil)
            try folder.remove("new")
            #expect(folder.unfinished(identity: "a to b")?.id == "old")
            #expect(folder.ids == ["another", "old", "over"])
        }
    }

    @Test func `two holders can't have one job's lock`() throws {
        try inFolder { folder in
            var held = try folder.lock("one")
            #expect(held != nil)
            #expect(try folder.lock("one") == nil)
            #expect(folder.isRunning("one"))
            held = nil
            #expect(!folder.isRunning("one"))
            #expect(try folder.lock("one") != nil)
        }
    }

    /// Method: the file is open a second time, as in a child that has not run its program yet.
    @Test func `a lock that is let go of is free, whoever has its file open`() throws {
        try inFolder { folder in
            let held = try #require(try folder.lock("one"))
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            let name = URL(fileURLWithPath: folder.path).lastPathComponent + "/one.lock"
            let copies = open.compactMap(Int32.init).filter { number in
                let path = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/fd/\(number)")
                return path?.hasSuffix(name) ?? false
            }.map { dup($0) }
            #expect(copies.count == 1)
            held.release()
            #expect(!folder.isRunning("one"))
            #expect(try folder.lock("one") != nil)
            for copy in copies { close(copy) }
        }
    }

    @Test func `a folder that can't be made is an error that names it`() throws {
        try inFolder { folder in
            let file = folder.path + "/file"
            try Data().write(to: URL(fileURLWithPath: file))
            for path in [file, file + "/below"] {
                #expect {
                    try JobFolder(path).prepare()
                } throws: { error in
                    (error as? JobError)?.message.contains(path) == true
                }
            }
        }
    }

    @Test func `ids are file names and no paths`() {
        var generator = SeededGenerator(seed: 1)
        #expect(JobFolder.isID("transactions-7f3a"))
        for bad in ["", "../x", "a/b", ".hidden", "a b", String(repeating: "x", count: 101)] {
            #expect(!JobFolder.isID(bad), "\(bad)")
        }
        let id = JobFolder("/nowhere").newID(
            for: "arn:aws:dynamodb:eu-west-1:123456789012:table/orders", using: &generator)
        #expect(JobFolder.isID(id), "\(id)")
    }

    @Test func `the default folder follows the XDG specification`() {
        let path = JobFolder.defaultPath
        #expect(path(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/dynaferry")
        #expect(path(["XDG_STATE_HOME": "s", "HOME": "/h"]) == "/h/.local/state/dynaferry")
        #expect(path(["HOME": "/h"]) == "/h/.local/state/dynaferry")
        #expect(path([:]) == nil)
    }
}
