import Connectors
import DynamoModel
import JSON
import Schema
import Status
import System

/// What a job is and where it stands, as its file says.
package struct JobRecord: Equatable, Sendable {
    package enum State: String, Sendable {
        /// Made; items move, or did when it was last updated.
        case running
        /// Held by `jobs pause`.
        case paused
        /// Ended early, by its user or by a fault; it can be resumed.
        case stopped
        case failed
        /// Every item arrived, or is a dead letter.
        case finished

        /// Every item has been seen to: there is nothing to resume.
        package var isOver: Bool { self == .finished }
    }

    package enum Kind: String, Sendable {
        case copy
        case verify

        /// As it is called in a sentence.
        package var noun: String { self == .copy ? "copy" : "verification" }
    }

    package var id: String
    package var kind = Kind.copy
    /// Seconds since 1970, here and below.
    package var created: Double
    package var updated: Double
    package var state: State
    /// Why it failed or was stopped, in one line.
    package var reason: String?
    /// The request as it was given, without secrets.
    package var request: JSON
    /// Both tables and whatever decides what is written: the same command finds its job by it.
    package var identity: String
    /// The process that ran it last, and how many have.
    package var processID: Int
    package var runs = 1
    /// What `jobs throttle` asked for last; it outlives the process that was asked.
    package var throttle = RequestedLimits()
    package var progress = JobProgress()

    package init(id: String, created: Double, request: JSON, identity: String, processID: Int) {
        self.id = id
        self.created = created
        self.request = request
        self.identity = identity
        self.processID = processID
        updated = created
        state = .running
    }
}

extension JobRecord {
    /// Whole per cent done, and never 100 before all is.
    package var percent: Int {
        state.isOver ? 100 : min(99, Int(clamping: progress.fraction * 100))
    }
}

/// One table of a job.
package struct JobTable: Equatable, Sendable {
    /// What the target was when the job began: what a resumed or restarted job may write into.
    package enum Target: String, Sendable {
        case empty
        /// About to be made by the job: this is written down before CreateTable is called.
        case creating
        /// Made by the job.
        case created
        /// It held items, and the user asked to merge into them.
        case merged
    }

    package var source: String
    package var target: String
    package var sourceID: String?
    package var targetID: String?
    package var schema: KeySchema
    package var targetWas: Target
    /// `TotalSegments`: cursors are good only with the same.
    package var segments: Int
    package var itemsReported: Int
    /// Its items come from an export's files, and not from a table.
    package var readsFiles = false
    /// Of exports that are brought into it: until when changes are.
    package var chain: AppliedChain?
    /// Of a table that is written to files: which export it becomes.
    package var export: ExportRecord?
    /// What DynamoDB does for it by itself, in order.
    package var requests: [ServiceRequest] = []
    package var isFinished = false
    package var progress = JobProgress()
    /// Why its last run failed, in one line.
    package var failure: String?
    /// What the target had before its units were raised; nil when they are not.
    package var boost: UnitBoost?
    /// Write units that were bought to make the target warm: its own and those of its indexes.
    package var warmUnits = 0
    package var settings = SettingsReport()
    /// The result of verifying the copy; nil unless it was verified.
    package var comparison: Comparison?
    /// Items that got the same key.
    package var collisions = KeyCollisions()
    /// Places that changes name and items have had.
    package var placesMet: [String] = []

    package init(
        source: String, target: String, sourceID: String?, targetID: String?, schema: KeySchema,
        targetWas: Target, segments: Int, itemsReported: Int
    ) {
        self.source = source
        self.target = target
        self.sourceID = sourceID
        self.targetID = targetID
        self.schema = schema
        self.targetWas = targetWas
        self.segments = segments
        self.itemsReported = itemsReported
    }
}
