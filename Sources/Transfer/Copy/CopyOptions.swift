import Connectors
import DynamoModel
import Flow
import Schema
import Status

/// What the user asked for of a table's copy.
package struct CopyOptions: Equatable, Sendable {
    /// nil: by the table's size.
    package var segments: Int?
    /// Most scans in flight; nil: the default, which adapts.
    package var scansMax: Int?
    package var limits = RequestedLimits()
    /// Bytes for pages and batches.
    package var memory = memoryUsual
    package var isConsistentRead = false
    /// Items that have expired by the source's time to live are left out.
    package var skipsExpired = false
    /// Which items are wanted, and what becomes of them on the way.
    package var transform = ItemTransform()
    /// What has been copied is compared with what was read.
    package var verifies = false
    /// Go on although the target holds items: those of the same key are replaced.
    package var mergesIntoItems = false
    /// Those of the same key stay as they are instead.
    package var keepsItems = false
    /// Only items that differ are written, if the target holds items.
    package var onlyChanged = false
    /// What incremental exports say was deleted is deleted.
    package var appliesDeletes = false
    /// No request takes effect later than this after it failed, or its process died.
    package var landsWithin = FlowFailure.landsWithin
    /// All files are read before the first item is written; nil: where what they hold is no larger
    /// than ``memory``.
    package var checksFirst: Bool?
    /// Where keys are kept that memory does not hold.
    package var scratchFolder = "/tmp"
    /// nil: ``DeadLetterFile/defaultPath(table:)``.
    package var deadLettersPath: String?
    package var deadLettersMax = 1_000
    package var giveUpAfter: Duration = .seconds(15 * 60)
    package var part = CopyPart.all
    package var settings = SettingChoice()
    /// nil: by the table's size.
    package var indexes: IndexTiming?
    /// Write units a second that a target is to have while it is loaded.
    package var boostWrites: Int?
    /// DynamoDB loads the files by itself; nil: it does not.
    package var load: ServiceLoad?
    /// Account that the bucket of those must belong to; nil: the caller's.
    package var bucketOwner: String?
    /// Between two looks at what DynamoDB does by itself.
    package var pollEvery: Duration = .seconds(15)

    package init() {}

    /// With this a process of 64 requests in flight stays below 48 MiB; more made none faster.
    package static let memoryUsual = 26 << 20
    /// What files are read by besides takes up to half a megabyte each.
    package static let memoryFromFiles = 48 << 20
}

/// How DynamoDB loads files by itself.
package enum ServiceLoad: String, CaseIterable, Sendable {
    /// It makes the table, and fills it without write units.
    case importTable = "import-table"
    /// It puts the items into a table, whatever its units are.
    case bulkPut = "bulk-put"
}

/// Asks the user whether to go on, which the question says; nil where nobody can be asked.
package typealias CopyConsent = @Sendable (_ question: String) -> Bool?

/// Why a copy is not started, and what to do about it. Nothing has been changed.
package struct CopyRefusal: Error, CustomStringConvertible, Equatable, Sendable {
    package var message: String
    /// What to do, each as it stands after `hint:`.
    package var hints: [String]
    /// It holds for every table of a job alike: refused credentials, a side that does not answer.
    package var concernsAll = false

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        hints = hint.map { [$0] } ?? []
    }

    /// The first, where there are several.
    package var hint: String? {
        get { hints.first }
        set { hints = (newValue.map { [$0] } ?? []) + hints.dropFirst() }
    }

    package var description: String { message }
}
