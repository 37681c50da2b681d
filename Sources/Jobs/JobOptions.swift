import JSON
import Status

/// Which job a copy is to run as, and what of it was asked for.
package struct JobOptions: Sendable {
    package var folder: JobFolder
    /// What was asked for, in words, without secrets; it is what `resume` commands are made of.
    package var request: [String]
    /// What has chosen the tables, where it was a pattern.
    package var selection: String?
    /// nil: found by what is copied, or named by itself.
    package var id: String?
    /// Go on with a job however long ago it stopped.
    package var resumesOld = false
    /// Copy everything again, into a target that the job found empty or made.
    package var restarts = false
    /// Nothing outlives the process: what it reads can't be read again.
    package var keepsNothing = false
    /// nil: whatever it costs.
    package var maxCost: CostLimit?

    package init(folder: JobFolder, request: [String]) {
        self.folder = folder
        self.request = request
    }

    package var requestJSON: JSON { ["words": .array(request.map { .string($0) })] }
}

extension JobRecord {
    /// The command that it was made by, as a shell takes it.
    package var command: String {
        ShellWords.command(words)
    }

    /// The words of it, `dynaferry` itself not among them.
    package var words: [String] { request["words"]?.array?.compactMap(\.string) ?? [] }
}

/// Words as a shell takes them.
package enum ShellWords {
    /// `dynaferry` and these words.
    package static func command(_ words: [String]) -> String {
        (["dynaferry"] + words).map(quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-_./:=,@%+".utf8.contains(byte)
                }
            }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
