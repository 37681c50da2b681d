import JSON
import System

extension JSON {
    /// No file of JSON that a person writes is larger; in bytes.
    private static let fileBytesMax = 4 << 20

    /// Reads a whole file; nil when what is in it is no JSON.
    package init?(fileAt path: String) throws(CommandFailure) {
        let bytes: [UInt8]
        do {
            bytes = try WholeFile.bytes(ofFileAt: path, bytesMax: Self.fileBytesMax)
        } catch {
            throw CommandFailure(
                error.description, hints: ["name a file that is there and may be read"])
        }
        guard let json = try? JSON(parsing: bytes) else { return nil }
        self = json
    }
}
