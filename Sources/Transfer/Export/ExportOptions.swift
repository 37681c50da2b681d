import Connectors
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
    package var limits = AskedLimits()
    package var isConsistentRead = false
    package var skipsExpired = false
    package var verifies = false
    package var giveUpAfter: Duration = .seconds(15 * 60)

    package init() {}

    /// For pages.
    static let pageBytes = 16 << 20
    /// Of files of the usual size two are open for each core, and as many are on their way; of
    /// others as many as fit, and one and one at least.
    package static func memoryUsual(
        _ compression: FileCompression = .usual, fileBytes: Int = 16 << 20
    ) -> Int {
        var settings = ExportSink.Settings(folder: "", job: 0, epoch: 0)
        settings.compression = compression
        settings.fileBytes = 16 << 20
        let usual = pageBytes + 4 * max(2, OwnThread.coreCount) * settings.unitMemory
        settings.fileBytes = fileBytes
        return max(usual, ExportPreparation.leastMemory(settings))
    }
}
