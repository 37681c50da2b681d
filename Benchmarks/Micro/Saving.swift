import Connectors
import DynamoModel
import Flow
import Glibc
import Jobs
import Status

/// What it costs to make a copy's progress durable, as is done four times a second.
enum Saving {
    private static let segments = 128
    private static let saves = 200

    /// Microseconds of one save in which each of 128 open segments has come further.
    static func measure() throws -> Measurement {
        let folder = JobFolder("/tmp/dynaferry-micro-\(getpid())")
        try folder.prepare()
        defer {
            try? folder.remove("micro")
            rmdir(folder.path)
        }
        let file = try makeJob(in: folder)
        var items = 0
        let least = try ThreadCPU.least {
            try ThreadCPU.nanoseconds {
                for _ in 0..<saves {
                    items += 1
                    try file.save(
                        TableSave(records(items: items)), ofTable: 0,
                        (JobProgress(), JobProgress()), at: Double(items))
                }
            }
        }
        let saved = try file.segments(ofTable: 0)
        return Measurement(
            name: "save the progress of \(segments) segments",
            value: least / Double(saves) / 1_000, unit: "us",
            isSane: saved.count == segments && saved.allSatisfy { $0.items == items })
    }

    private static func makeJob(in folder: JobFolder) throws -> JobFile {
        let schema = KeySchema(partition: KeyAttribute(name: "accountId", type: .string))
        return try JobFile.create(
            folder.databasePath("micro"),
            JobRecord(id: "micro", created: 0, request: [:], identity: "", processID: 0),
            [
                JobTable(
                    source: "a", target: "b", sourceID: nil, targetID: nil, schema: schema,
                    targetWas: .empty, segments: segments, itemsReported: 0)
            ])
    }

    private static func records(items: Int) -> [PartitionRecord] {
        (0..<segments).map { segment in
            let cursor = #"{"accountId":{"S":"acct-\#(segment)"},"sequence":{"N":"\#(items)"}}"#
            return PartitionRecord(
                segment: segment, cursor: Array(cursor.utf8), items: items, bytes: 400 * items)
        }
    }
}
