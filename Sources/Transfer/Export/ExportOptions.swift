import Connectors
import DynamoModel
import Status
import System

/// What was asked for of a table that is written to files.
package struct ExportOptions: Equatable, Sendable {
    package var compression = FileCompression.usual
    /// Bytes of a file, as it lies there.
    package var fileBytes = 16 << 20
    /// Bytes for pages and open files.
    package var memory = memoryUsual()
    package var segments: Int?
    package var scansMax: Int?
    package var limits = RequestedLimits()
    package var isConsistentRead = false
    package var skipsExpired = false
    package var verifies = false
    /// Which items are wanted, and what becomes of them on the way.
    package var transform = ItemTransform()
    package var giveUpAfter: Duration = .seconds(15 * 60)
    /// For what memory does not hold.
    package var scratchFolder = "/tmp"

    package init() {}

    /// For pages.
    static let pageBytes = 16 << 20
    /// Of usual files two are open for each core, and as many are on their way; of others as many
    /// as fit into the same, and one and one at least.
    package static func memoryUsual(
        _ compression: FileCompression = .usual, fileBytes: Int = 16 << 20
    ) -> Int {
        var settings = ExportSink.Settings(folder: "", job: 0, epoch: 0)
        settings.fileBytes = 16 << 20
        let usual = pageBytes + 4 * max(2, OwnThread.coreCount) * settings.unitMemory
        (settings.fileBytes, settings.compression) = (fileBytes, compression)
        return max(usual, ExportPreparation.leastMemory(settings))
    }
}
