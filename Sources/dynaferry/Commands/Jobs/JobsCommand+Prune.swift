import Arguments
import CommandLine
import Flow
import Jobs
import Pacing
import System

extension JobsCommand {
    /// Removes the state of jobs that ended long ago, a line each.
    package func prune(_ arguments: JobsPruneArguments) throws -> ExitCode {
        let folder = try folder(arguments.stateFolder)
        let now = MonotonicTime().secondsSinceEpoch
        let pruning = JobPruning(
            before: now - arguments.olderThan.inSeconds, takesAll: arguments.all)
        var (removed, failed) = (0, 0)
        for view in views(in: folder) {
            let name = "job \(view.id), \(view.state.rawValue),"
            let age = "last updated \(JobText.age(view.record.updated, now)) ago"
            switch pruning.verdict(on: view) {
            case .keep: continue
            case .keepFor(let reason): console.note("\(name) \(age), is kept: \(reason)")
            case .remove where arguments.dryRun:
                removed += 1
                console.show("\(name) \(age), would be removed")
            case .remove:
                do throws(JobError) {
                    guard let lock = try folder.lock(view.id) else { continue }
                    defer { withExtendedLifetime(lock) {} }
                    // Another process may have run it since.
                    var held = try folder.view(view.id)
                    held.isRunning = false
                    guard pruning.verdict(on: held) == .remove else { continue }
                    try folder.remove(view.id)
                    removed += 1
                    console.show("\(name) \(age), is removed")
                } catch {
                    failed += 1
                    console.fail(
                        "job \(view.id): \(error.message)", hints: error.hint.map { [$0] } ?? [])
                }
            }
        }
        let count = removed.counted("job")
        console.note(arguments.dryRun ? "\(count) would be removed" : "\(count) removed")
        return failed == 0 ? .success : .failure
    }
}
