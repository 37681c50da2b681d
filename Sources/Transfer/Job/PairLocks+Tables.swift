import DynamoDB
import Jobs

extension PairLocks {
    /// - Throws: ``CopyRefusal`` that says who has one of the pairs.
    package static func take(
        _ pairs: [Pair], for purpose: Purpose, in folder: JobFolder
    ) async throws -> PairLocks {
        do {
            return try await PairLocks(pairs, for: purpose, in: folder)
        } catch let taken as Taken {
            throw CopyRefusal(taken)
        }
    }
}

extension PairLocks.Pair {
    init(_ source: ComparedSide, _ target: ComparedSide) {
        self.init(
            source: source.name, target: target.name,
            words: Self.words(of: source) + Self.words(of: target))
    }

    init(_ source: CopySource, _ target: any ReadableTable) {
        self.init(ComparedSide(source), .table(target))
    }

    private static func words(of side: ComparedSide) -> [String] {
        side.table.map { words(of: $0) } ?? ["files", side.name]
    }

    /// - Parameter files: the title of what is written to.
    package init(_ source: any ReadableTable, files: String) {
        self.init(
            source: source.name, target: files,
            words: Self.words(of: source) + ["files", files])
    }

    private static func words(of table: any ReadableTable) -> [String] {
        let endpoint = table.reader.endpoint
        return [endpoint.url, endpoint.region, table.reader.identity, table.name]
    }
}

extension CopyRefusal {
    fileprivate init(_ taken: PairLocks.Taken) {
        let names = "\(taken.source) and \(taken.target)"
        guard let owner = taken.owner else {
            self.init(
                "another process is at work with \(names)",
                hint: "wait until it has ended: dynaferry jobs lists what runs")
            return
        }
        guard let job = owner.job else {
            self.init(
                "process \(owner.process) is just beginning a job with \(names)",
                hint: "dynaferry jobs shows it in a moment")
            return
        }
        self.init(
            "job \(job) is being run by process \(owner.process)",
            hint: "dynaferry jobs status \(job) shows it")
    }
}
