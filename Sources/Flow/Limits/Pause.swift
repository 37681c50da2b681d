import Dispatch
import Pacing
import System

/// Waits without holding a thread.
package enum Pause {
    private static let queue = DispatchQueue(label: "flow.pause")

    package static func lasting(_ duration: Duration) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.asyncAfter(deadline: .now() + .nanoseconds(Int(duration.inNanoseconds))) {
                continuation.resume()
            }
        }
    }
}
