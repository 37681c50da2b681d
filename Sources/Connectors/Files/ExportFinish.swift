import DynamoModel
import Flow
import System

/// Ends an export: what the job's dead processes have left is removed, nothing else lies among the
/// data files, and the manifests are written, the summary last. Asked again it does the same.
package struct ExportFinish: Sendable {
    private let files: any WritableFileStore
    private let names: ExportNames
    private let job: UInt64
    private let patience: Duration

    package init(
        _ files: any WritableFileStore, _ names: ExportNames, job: UInt64, patience: Duration
    ) {
        self.files = files
        self.names = names
        self.job = job
        self.patience = patience
    }

    /// Says that an export has begun, before its first data file.
    package func begin() async throws(FlowFailure) {
        try await files.writeOnce(names.started, [], patience: patience)
    }

    /// - Throws: where a file lies among the data that is not this job's. It is never touched: what
    ///   reads the folder and no manifest would load it.
    package func clear(_ data: [DataFile]) async throws(FlowFailure) {
        let listed = Set(data.map(\.name))
        let found = try await files.listed(names.data, patience: patience)
        let there = Set(found.map(\.name))
        if let lost = data.first(where: { !there.contains($0.name) }) {
            throw FlowFailure(
                .giveUp, code: "FileGone",
                message: "\(files.title(of: lost.name)), which the job has written, is gone",
                hint: "something else removes files there; --restart exports everything again")
        }
        for entry in found where !listed.contains(entry.name) {
            let last = entry.name.dropFirst(names.data.count)
            let name = DataFileName(last.prefix { $0 != "." })
            guard let name,
                name.job == DataFileName(job: job, epoch: 0, partition: 0, ordinal: 0).job
            else {
                throw FlowFailure(
                    .giveUp, code: "StrangeFile",
                    message: "\(files.title(of: entry.name)) is not of this export, and would be"
                        + " loaded with it by what reads the folder",
                    hint: "move it away, then run the same command: it resumes")
            }
            try await files.removed(entry.name, patience: patience)
        }
    }

    /// - Parameters:
    ///   - key: of the place, from the root of its bucket; empty for a folder.
    package func write(
        _ data: [DataFile], _ summary: ExportSummary, _ table: ExportedTable, below key: String
    ) async throws(FlowFailure) {
        try await files.writeOnce(names.table, table.bytes, patience: patience)
        for (name, bytes) in [
            (names.files, FilesManifest.bytes(data, below: key)), (names.summary, summary.bytes),
        ] {
            let sum = Array(Base64.encode(MD5.hash(bytes)).utf8)
            try await files.writeOnce(ExportNames.md5(of: name), sum, patience: patience)
            try await files.writeOnce(name, bytes, patience: patience)
        }
    }
}
