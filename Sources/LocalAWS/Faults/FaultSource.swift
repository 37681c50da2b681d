import DynamoModel
import HTTPServer
import JSON
import Pacing
import System

/// Draws the faults of a server's requests. May be used from any thread.
package final class FaultSource: @unchecked Sendable {
    // @unchecked: `generator`, `requests` and `redirected` are guarded by `lock`, the rest never
    // changes.
    private let lock = Lock()
    private var generator: SeededGenerator
    private var requests = 0
    /// Which places of S3 were answered a redirection when they were last asked for.
    private var redirected: Set<String> = []
    private static let redirectedMax = 10_000
    private let plan: FaultPlan?
    private let hook: RequestHook?
    /// How long every reply waits.
    let latency: Duration

    package init(plan: FaultPlan?, hook: RequestHook?, seed: UInt64) {
        self.plan = plan
        self.hook = hook
        latency = plan?.latency ?? .zero
        generator = SeededGenerator(seed: seed)
    }

    /// The fault of the next request; nil for none.
    func next(operation: @autoclosure () -> String) -> Fault? {
        guard plan != nil || hook != nil else { return nil }
        let (number, drawn) = lock.withLock { () -> (Int, Fault?) in
            requests += 1
            return (requests - 1, plan?.draw(using: &generator))
        }
        if let hook, let fault = hook(operation(), number) { return fault }
        if let drawn { return drawn }
        let share = plan?.unprocessed ?? 0
        return share > 0 ? .unprocessed(share) : nil
    }

    /// The fault of the next request to S3, which is for `target`; nil for none.
    func next(_ operation: S3Operation, target: @autoclosure () -> String) -> Fault? {
        guard let plan else { return nil }
        return lock.withLock {
            let fault = plan.draw(for: operation, using: &generator)
            guard case .redirect = fault else { return fault }
            // Who follows a redirection arrives.
            let target = "\(operation.rawValue) \(target())"
            if redirected.remove(target) != nil { return nil }
            if redirected.count >= Self.redirectedMax { redirected.removeAll() }
            redirected.insert(target)
            return fault
        }
    }

    /// The positions that come back unprocessed, each with the probability `share`.
    func withhold(_ share: Double, of positions: Range<Int>) -> [Int] {
        guard share > 0 else { return [] }
        return lock.withLock { positions.filter { _ in generator.unit() < share } }
    }

    /// What a fault does to the reply on its way; nil where it does nothing to it.
    func disturbance(of fault: Fault) -> HTTPAnswer.Disturbance? {
        switch fault {
        case .dropBefore, .dropAfter: .drop
        case .resetBefore, .resetAfter: .reset
        case .truncate: .truncate
        case .corrupt: .corrupt(at: lock.withLock { generator.unit() })
        case .wrongChecksum: .wrongChecksum
        case .stall: .stall
        case .error, .throttle, .validation, .unprocessed, .reply, .delay, .absurd,
            .errorInReply, .redirect, .changed:
            nil
        }
    }

    /// The same item, by the plan's share in another spelling: attributes and set elements in
    /// another order, numbers and text spelled in other ways. The service promises none of these
    /// either.
    func respelled(_ item: [UInt8]) -> [UInt8] {
        let share = plan?.respelled ?? 1
        let drawn = lock.withLock {
            generator.unit() < share ? SeededGenerator(seed: generator.next()) : nil
        }
        guard var own = drawn, let json = try? JSON(parsing: item) else { return item }
        return UnprocessedRewriter.write(json, using: &own)
    }
}
