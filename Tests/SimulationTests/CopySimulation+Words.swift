@testable import Connectors
@testable import Flow
@testable import Transfer

/// Events and actions in words, for the trace of a run that broke a promise.
extension CopySimulation {
    static func text(_ range: Range<Int>) -> String {
        range.isEmpty ? "no items" : "items \(range.lowerBound) to \(range.upperBound - 1)"
    }

    static func text(_ flight: SimulatedRun.Flight) -> String {
        "batch \(flight.number) of \(flight.ordinals.count) items"
    }

    static func text(_ commit: SimulatedJobFile.Commit) -> String {
        let segments = commit.segments.map { index, state in
            "segment \(index) \(state.isFinished ? "finished" : "at \(state.cursor)")"
        }
        let letters = commit.deadLetters.map { "item \($0) a dead letter" }
        return (segments + letters).joined(separator: ", ")
    }

    static func text(_ outcome: FlowOutcome) -> String {
        switch outcome {
        case .completed: "the copy is complete"
        case .stopped: "the copy has stopped"
        case .failed(let failure): "the copy failed: \(failure.message)"
        }
    }

    static func text(_ read: ReadLimit, _ write: WriteLimits, _ writesMax: Int?) -> String {
        func text(_ units: Double?) -> String { units.map { "\($0) a second" } ?? "free" }
        let index = write.indexes.first.map { ", index \(text($0.unitsPerSecond))" } ?? ""
        let writes = writesMax.map { ", \($0) batches in flight" } ?? ""
        return "reads \(text(read.unitsPerSecond)), writes \(text(write.table))" + index + writes
    }

    /// What the next process finds in the job's file.
    var progressText: String {
        let kept = file.state.segments.compactMap(\.self)
        let items = kept.reduce(0) { $0 + $1.items }
        return "\(kept.count { $0.isFinished }) of \(world.segments.count) segments are finished,"
            + " \(items) of \(world.items.count) items lie before the cursors"
    }
}
