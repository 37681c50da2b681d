import Pacing

/// The last things that happened in a simulation, in words. Costs nothing while it is off.
///
/// A class, so that what is noted may be said in terms of the simulation that notes it. Belongs to
/// one simulation.
final class SimulationTrace {
    let isOn: Bool
    private(set) var lines: [String] = []

    static let linesMax = 40

    init(isOn: Bool) { self.isOn = isOn }

    func note(_ now: Instant, _ what: @autoclosure () -> String) {
        guard isOn else { return }
        lines.append("\(Self.milliseconds(now))  \(what())")
        if lines.count > Self.linesMax { lines.removeFirst() }
    }

    /// `   12.345 ms`
    private static func milliseconds(_ now: Instant) -> String {
        let microseconds = now.nanoseconds / 1000
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        let text = "\(microseconds / 1000).\(fraction) ms"
        return String(repeating: " ", count: max(0, 14 - text.count)) + text
    }
}

/// A broken promise of the scheduler's, with what is needed to see it again.
struct Violation: Error, CustomStringConvertible {
    let seed: UInt64
    let step: Int
    let what: String
    var trace: [String] = []

    var description: String {
        (["seed \(seed), step \(step): \(what)"] + trace.map { "    " + $0 })
            .joined(separator: "\n")
    }
}
