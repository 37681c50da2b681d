import Dispatch

/// Has the capacity of tables looked up now and then, for limits that follow it.
final class CapacityWatch: Sendable {
    // A timer source is thread-safe, but not declared so.
    private nonisolated(unsafe) let timer: any DispatchSourceTimer

    private static let every = DispatchTimeInterval.seconds(60)

    init(_ lookUp: @escaping @Sendable () async -> Void) {
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "copy.capacity"))
        timer.setEventHandler { Task { await lookUp() } }
        timer.schedule(
            deadline: .now() + Self.every, repeating: Self.every, leeway: .seconds(1))
        timer.activate()
    }

    func stop() { timer.cancel() }
}
