import Arguments
import JSON
import System

/// The report of a job that was refused, or that failed before it could say what it has done.
struct FailureReport {
    static let outcome = CopySummary.Outcome.failed.rawValue

    private let arguments: CopyArguments
    private let failure: CommandFailure
    private let job: String?

    /// - Parameter job: nil where none has begun.
    init(_ arguments: CopyArguments, _ failure: CommandFailure, job: String?) {
        self.arguments = arguments
        self.failure = failure
        self.job = job
    }

    func json(version: Int, _ origin: ReportOrigin) -> JSON {
        var json: JSON = [
            "version": JSON(version), "outcome": .string(Self.outcome),
            "exitCode": JSON(Int(failure.code.rawValue)),
            "source": .string(arguments.sourceText), "target": .string(arguments.targetText),
            "job": job.map { .string($0) } ?? nil, "error": .string(failure.message),
            "hints": .array(failure.hints.map { .string($0) }), "tables": .array([]),
        ]
        origin.add(to: &json)
        return json
    }
}
