import AWS
import Connectors
import Flow
import System

/// The files of what targets have refused: those of one name are one.
final class RepairLetters: Sendable {
    private let files = Locked<[(wanted: String, file: DeadLetterFile)]>([])

    func keep(
        _ finding: VerifyFinding, of subject: TableVerification.Subject
    ) throws(FlowFailure) {
        guard case .refused(let letter) = finding.repair else { return }
        let table = subject.target.description.definition.name
        let wanted =
            subject.repaired?.options.deadLettersPath ?? DeadLetterFile.defaultPath(table: table)
        try files.withLock { (files) throws(FlowFailure) in
            let known = files.first { $0.wanted == wanted }?.file
            let file = known ?? DeadLetterFile(path: wanted)
            if known == nil { files.append((wanted, file)) }
            try file.append(letter, table: table)
            try file.sync()
        }
    }

    var paths: [String] { files.withLock { $0.compactMap(\.file.path) } }
}
