import Pacing
import System

/// The ids of imports and bulk operations: 14 digits of milliseconds since 1970, `-`, and 8 of what
/// is drawn, in hex.
enum JobIdentifier {
    static func make(at seconds: Double, using generator: inout SeededGenerator) -> String {
        let milliseconds = String(Int(clamping: (seconds * 1000).rounded()))
        let drawn = String(UInt32(truncatingIfNeeded: generator.next()), radix: 16)
        return String(repeating: "0", count: max(0, 14 - milliseconds.count)) + milliseconds + "-"
            + String(repeating: "0", count: 8 - drawn.count) + drawn
    }
}
