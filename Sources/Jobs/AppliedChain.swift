import Connectors
import DynamoModel
import JSON

/// What a job brings into a table of exports: until when the source's changes are in it then, so
/// that a later job neither goes back behind that nor leaves a hole.
package struct AppliedChain: Equatable, Sendable {
    /// Seconds since 1970: changes before it are in what is read.
    package var until: Double
    /// The windows, in the order in which they come into effect: their names, and where others
    /// overlap them from when on.
    package var windows: [String]

    package init(until: Double, windows: [String]) {
        (self.until, self.windows) = (until, windows)
    }

    /// nil where nothing says as of when what is read is.
    package init?(_ export: ReadExport) {
        guard let until = export.windows.last?.window.to ?? export.time else { return nil }
        self.init(
            until: until,
            windows: export.windows.map { window in
                window.id + (window.cutoff.map { " to \($0)" } ?? "")
            })
    }

    package var json: JSON {
        ["until": JSON(until), "windows": .array(windows.map { .string($0) })]
    }

    package init?(json: JSON) {
        guard let until = json["until"]?.double(in: ServiceRanges.timestamps) else { return nil }
        self.init(until: until, windows: (json["windows"]?.array ?? []).compactMap(\.string))
    }
}

extension JobFolder {
    /// A job that has brought exports into a table.
    package struct Applied: Sendable {
        package var job: JobRecord
        package var chain: AppliedChain
    }

    /// The newest job that has brought exports into the table of this id, or has begun to.
    /// - Parameter source: where the exports are that are read now: an unfinished job of theirs is
    ///   the one that is resumed, and does not count.
    package func applied(toTable id: String, but source: String) -> Applied? {
        let found = ids.compactMap { name -> Applied? in
            guard let file = try? JobFile.open(databasePath(name), readOnly: true),
                let job = try? file.job(),
                let table = try? file.tables().last(where: { $0.targetID == id }),
                let chain = table.chain, job.state.isOver || table.source != source
            else { return nil }
            return Applied(job: job, chain: chain)
        }
        return found.max { $0.job.created < $1.job.created }
    }
}
