import Pacing

/// A setting whose change takes a while: until then the old value holds, and status words say that
/// it is on its way.
struct DelayedSetting<Value: Sendable>: Sendable {
    /// What holds when it has settled.
    private(set) var target: Value
    private var old: Value
    private var settledAt: Instant?

    init(_ value: Value) {
        target = value
        old = value
    }

    mutating func change(to value: Value, at now: Instant, settledAt: Instant) {
        old = self.value(at: now)
        target = value
        self.settledAt = settledAt
    }

    func isSettled(at now: Instant) -> Bool { settledAt.map { now >= $0 } ?? true }

    /// What holds now.
    func value(at now: Instant) -> Value { isSettled(at: now) ? target : old }
}

/// The service's words for a feature that is switched on or off.
enum SwitchStatus {
    static func text(isOn: Bool, isSettled: Bool) -> String {
        switch (isOn, isSettled) {
        case (true, true): "ENABLED"
        case (true, false): "ENABLING"
        case (false, true): "DISABLED"
        case (false, false): "DISABLING"
        }
    }
}
