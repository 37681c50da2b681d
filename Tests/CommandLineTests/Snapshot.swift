import Foundation
import Testing

/// Texts that were agreed on, as files under Snapshots; DYNAFERRY_UPDATE_SNAPSHOTS=1 writes them
/// anew.
enum Snapshot {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("Snapshots")

    static func compare(
        _ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let url = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["DYNAFERRY_UPDATE_SNAPSHOTS"] != nil {
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
        let agreed = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        #expect(text == agreed, "not as in Snapshots/\(name)", sourceLocation: sourceLocation)
    }
}
