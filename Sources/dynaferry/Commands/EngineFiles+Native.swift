import Arguments
import CommandLine
import DynamoDB
import Flow
import Jobs
import S3
import Snapshots
import Transfer

/// What DynamoDB does by itself.
extension EngineFiles {
    /// Has DynamoDB export tables into a bucket.
    static func snapshot(
        _ arguments: CopyArguments, _ sides: Sides, _ job: JobOptions, _ voice: JobConsole,
        _ environment: [String: String]
    ) async throws -> Job {
        var job = job
        let pairs = try await snapshotPairs(arguments, sides, voice, &job)
        return try await SnapshotPreparation.prepare(
            arguments.snapshotOptions, job: job, pairs, policy: EngineCopy.policy(arguments),
            note: { voice.note($0) }, seed: anySeed())
    }

    /// Tables that DynamoDB exports, and where each goes.
    static func snapshotPairs(
        _ arguments: CopyArguments, _ sides: Sides, _ voice: JobConsole, _ job: inout JobOptions
    ) async throws -> [SnapshotPreparation.Pair] {
        let client = try await sides.client(sides.source, arguments, voice)
        let scaling = try await sides.scaling(sides.source, arguments, voice)
        var pairs: [SnapshotPreparation.Pair] = []
        for (table, place) in try await folders(
            arguments, ReadOnlyClient(client), scaling, voice, &job, purpose: "snapshot")
        {
            let own = arguments.own(ofTable: table.name)
            if let other = own.optionAgainstExporting {
                throw CommandFailure(
                    "\(table.name): DynamoDB writes the files by itself: \(other.option) does not"
                        + " apply", hints: [other.hint])
            }
            var pair = try await snapshotPair(
                table, by: ExportingClient(client), to: place, sides, arguments, voice)
            pair.filter = try ExportOptions(own, ofTable: table.name).transform.filter
            pairs.append(pair)
        }
        return pairs
    }

    /// A table, and the place in a bucket that DynamoDB exports it to.
    static func snapshotPair(
        _ table: SourceTable, by exporter: ExportingClient, to place: String, _ sides: Sides,
        _ arguments: CopyArguments, _ voice: JobConsole
    ) async throws -> SnapshotPreparation.Pair {
        let location = try S3Location(place)
        let bucket = TargetBucket(
            try await sides.bucket(location.bucket, of: sides.target, arguments, voice))
        try await reach(bucket, location.prefix, "target")
        // DynamoDB writes with the rights of the credentials that ask for the export.
        let probed = TargetBucket(
            try await sides.bucket(location.bucket, of: sides.source, arguments, voice))
        return SnapshotPreparation.Pair(
            table, by: exporter, to: bucket, probed: probed, prefix: location.prefix)
    }
}
