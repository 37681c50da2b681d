import AWS
import Connectors
import Dispatch
import DynamoModel
import Flow
import Glibc
import JSON
import Jobs
import Pacing
import System

/// Opens the job that a verification is part of: resumes the one that the same command began, or
/// begins a new one.
struct VerifyOpening {
    private(set) var looks: [VerifyLook]
    let reading: [VerifyOptions]
    let options: JobOptions
    let time: any TimeSource
    let note: @Sendable (String) -> Void

    /// The looks know then in how many segments their tables are read.
    mutating func run(using generator: inout SeededGenerator) async throws -> OpenJob {
        let opening = JobOpening(
            kind: .verify, options: options, identity: identity, time: time, note: note)
        guard var job = try opening.find() else { return try await begin(opening, &generator) }
        try opening.check(
            job,
            looks.map {
                JobOpening.Found(
                    source: $0.subject.source.description, target: $0.subject.target.description,
                    isFiles: $0.subject.target.place.export != nil, segments: $0.segmentsAsked)
            })
        opening.announce(job)
        for (number, segments) in opening.segments(of: job).enumerated() {
            if let segments { looks[number].setFirst(FirstRead(segments: segments)) }
        }
        if options.restarts { try await readFirst() }
        try opening.goOn(with: &job, looks.map { FirstRead(segments: $0.subject.segments) })
        return job
    }

    private mutating func begin(
        _ opening: JobOpening, _ generator: inout SeededGenerator
    ) async throws -> OpenJob {
        try await readFirst()
        if let id = options.id, options.folder.isDamaged(id) {
            try options.folder.giveUp(id)
            note("job \(id) can't be read and is given up: everything is read again")
        }
        let records = looks.map { look in
            let (source, target) = (look.subject.source, look.subject.target)
            return JobTable(
                source: source.place.name, target: target.place.name,
                sourceID: source.description.id, targetID: target.description.id,
                schema: look.subject.schema, targetWas: .merged, segments: look.subject.segments,
                itemsReported: source.description.itemCount.addingClamped(
                    target.description.itemCount))
        }
        return try opening.begin(
            records, looks.map { FirstRead(segments: $0.subject.segments) },
            named: looks[0].subject.source.description.definition.name, using: &generator)
    }

    private mutating func readFirst() async throws {
        let spool = try? Spool(inFolder: options.folder.path)
        looks = try await VerifyLook.readFirst(looks, reading, spool)
    }

    private var identity: JobIdentity {
        let tables = zip(looks, reading).map { look, options -> JSON in
            let (source, target) = (look.subject.source, look.subject.target)
            var json: JSON = [
                "source": .string(source.identity),
                "sourceEndpoint": .string(source.place.endpoint),
                "target": .string(target.identity),
                "targetEndpoint": .string(target.place.endpoint),
            ]
            // Sums of files are good for these files alone.
            for side in [source, target] {
                if let files = side.place.export?.export.digest { json["files"] = .string(files) }
                if let format = side.place.export?.formatText { json["format"] = .string(format) }
            }
            for member in options.transform.identity { json[member.name] = member.value }
            return json
        }
        return JobIdentity(
            verifying: tables, mode: reading[0].mode,
            repair: looks.first?.subject.repaired?.options,
            selection: options.selection)
    }
}

extension TableVerification.Side {
    /// What it is known by in a job.
    fileprivate var identity: String {
        place.export?.title ?? description.arn ?? description.definition.name
    }
}
