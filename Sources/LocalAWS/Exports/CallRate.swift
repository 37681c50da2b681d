import Pacing

/// Admits so many calls in any two seconds; those that it refuses count too. (Observed.)
///
/// A value; time is passed in and must not run backwards.
struct CallRate: Sendable {
    let callsMax: Int
    private var calls: [Instant] = []

    private static let window = Duration.seconds(2)

    init(callsMax: Int) { self.callsMax = callsMax }

    mutating func admits(at now: Instant) -> Bool {
        calls.removeAll { now - $0 >= Self.window }
        calls.append(now)
        if calls.count > callsMax { calls.removeFirst(calls.count - callsMax - 1) }
        return calls.count <= callsMax
    }
}
