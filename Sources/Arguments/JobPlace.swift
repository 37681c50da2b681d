import CommandLine
import Jobs

extension Option {
    /// Where the state of jobs is: the same for every command that has to do with them.
    package static func stateFolder(
        _ path: WritableKeyPath<Arguments, String?> & Sendable
    ) -> Self {
        Option(
            "--state-dir", .folder, path, in: .job,
            default: "$XDG_STATE_HOME/dynaferry, else ~/.local/state/dynaferry",
            "Folder in which the state of jobs is kept; readable by its owner alone.")
    }
}

extension ValueKind where Value == String {
    package static var jobID: Self {
        .text(
            "ID", expected: "a job's name (up to 80 letters, digits, '_', '-' or '.')",
            where: JobFolder.isID
        ).proposing(.job)
    }
}

extension JobFolder {
    /// The folder that was asked for, or the default one.
    package init(_ asked: String?, environment: [String: String]) throws(CommandFailure) {
        guard let path = asked ?? JobFolder.defaultPath(environment: environment) else {
            throw CommandFailure(
                "there is no place for the job's state: neither XDG_STATE_HOME nor HOME is set",
                hints: ["name a folder with --state-dir"])
        }
        self.init(path)
    }
}
