import Transfer

/// All that there is to say about a copy once it has ended.
package struct CopySummary: Equatable, Sendable {
    package enum Outcome: String, Sendable {
        case complete
        /// Everything arrived but the dead letters.
        case deadLetters
        /// Everything arrived, but its verification found differences.
        case different
        /// Everything arrived, but not all settings, which was asked for.
        case unlike
        case interrupted
        case failed

        package var exitCode: ExitCode {
            switch self {
            case .complete: .success
            case .deadLetters, .different, .unlike: .differs
            case .interrupted: .interrupted
            case .failed: .failure
            }
        }
    }

    package var source: String
    package var target: String
    package var outcome: Outcome
    /// Why it failed, as it stands after `error:`; nil unless it did.
    package var error: String?
    /// What to do next, each as it stands after `hint:`.
    package var hints: [String] = []

    package var seconds = 0.0
    package var segments = 0

    /// The job, the processes that have run it, and what they have done together.
    package var job = ""
    package var runs = 1
    /// What the job has cost over all its runs, where there is a limit to it.
    package var dollars: Double?
    /// Items that are in the target, or dead letters, by all of them.
    package var itemsInAll = 0
    /// Writes of items that were acknowledged; after a crash some are written again.
    package var itemsWrittenInAll = 0
    /// Runs that ended without a word; what they did at last is not counted.
    package var crashes = 0

    package var itemsRead = 0
    package var itemsWritten = 0
    /// Items that were not to be copied, since they had expired.
    package var itemsLeftOut = 0
    /// Items that were not put, since the target has one of the same key that was to stay.
    package var itemsKept = 0
    /// Of a copy of what differs: items that were equal, that changed too often to be written, and
    /// that only the target has.
    package var itemsEqual = 0
    package var itemsChanging = 0
    package var itemsOnlyInTarget = 0
    package var deadLetters = 0
    /// Where the dead letters are, when there are any.
    package var deadLettersFile: String?

    /// Of the items written, as DynamoDB counts size.
    package var bytes = 0
    /// JSON of the replies to scans, inflated, and of the requests to write.
    package var bytesReceived = 0
    package var bytesSent = 0

    package var readUnits = 0.0
    package var writeUnits = 0.0
    package var scanRequests = 0
    package var writeRequests = 0

    /// Requests that were refused, or served in part, for want of capacity.
    package var sourceThrottles = 0
    package var targetThrottles = 0
    /// Items sent again, for whatever reason.
    package var itemsRetried = 0
    /// Requests sent again after an error.
    package var requestsRetried = 0

    /// What became of the settings of the one table that was copied.
    package var settings = SettingsReport()
    /// What its verification has come to; nil when there was none.
    package var verdict: CopyVerdict?

    /// Each table's own figures, where there are several.
    package var tables: [TableSummary] = []

    /// Of the process that copied.
    package var usage = ProcessUsage(cpuSeconds: 0, peakMemoryBytes: 0)

    package init(source: String, target: String, outcome: Outcome) {
        self.source = source
        self.target = target
        self.outcome = outcome
    }

    package var itemsPerSecond: Double { seconds > 0 ? Double(itemsWritten) / seconds : 0 }
    package var bytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds : 0 }
    package var cpuMicrosecondsPerItem: Double {
        itemsRead > 0 ? usage.cpuSeconds * 1e6 / Double(itemsRead) : 0
    }
}
