import Arguments
import CommandLine
import Dispatch
import JSON
import Pacing
import System

/// Shows a run's progress on stderr, in the way that was asked for, until it is stopped.
///
/// Takes a snapshot each time it is about to show one: ten a second on a terminal, one a second as
/// JSON, one in five seconds as plain lines. The window is measured each time, so that no signal
/// needs to tell of one that was resized. `start` and `stop` are called once, by one thread.
package final class ProgressDisplay: @unchecked Sendable {
    // @unchecked: `meter` is touched only on `queue`; `timer` only by the thread that starts it.
    private let queue = DispatchQueue(label: "progress.display")
    private var meter = ProgressMeter()
    private var timer: (any DispatchSourceTimer)?
    private let mode: Mode
    private let console: Console
    private let time: any TimeSource
    private let snapshot: @Sendable () -> ProgressSnapshot

    private enum Mode {
        case block(ProgressBlock)
        case plain
        case json
        case none

        var interval: DispatchTimeInterval? {
            switch self {
            case .block: .milliseconds(100)
            case .plain: .seconds(5)
            case .json: .seconds(1)
            case .none: nil
            }
        }
    }

    package init(
        _ mode: ProgressMode, console: Console, time: any TimeSource = MonotonicTime(),
        snapshot: @escaping @Sendable () -> ProgressSnapshot
    ) {
        self.console = console
        self.time = time
        self.snapshot = snapshot
        let block = Mode.block(ProgressBlock(speaksUnicode: Terminal.speaksUnicode))
        switch mode {
        case .auto: self.mode = console.canShowLive ? block : .plain
        case .bar: self.mode = block
        case .plain: self.mode = .plain
        case .json: self.mode = .json
        case .none: self.mode = .none
        }
    }

    package func start() {
        precondition(timer == nil, "the display has been started")
        guard let interval = mode.interval else { return }
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.setEventHandler { [self] in show() }
        timer.activate()
        self.timer = timer
    }

    /// Shows the last state, except that a live block makes way for the report.
    package func stop() {
        guard let timer else { return }
        timer.cancel()
        self.timer = nil
        queue.sync {
            if case .block = mode { console.removeLive() } else { show() }
        }
    }

    private func show() {
        dispatchPrecondition(condition: .onQueue(queue))
        let snapshot = snapshot()
        let rates = meter.rates(snapshot)
        let now = time.secondsSinceEpoch
        let stamp = UTCTime(secondsSinceEpoch: now).iso8601
        switch mode {
        case .block(let block):
            let size = console.errorSize
            let lines = block.lines(snapshot, rates, columns: size.columns, at: now)
            // A block higher than the window could not be drawn over again.
            console.showLive(Array(lines.prefix(max(1, size.rows - 1))))
        case .plain: console.note("\(stamp) \(snapshot.plainLine(rates))")
        case .json:
            var json = snapshot.json(rates)
            json["time"] = .string(stamp)
            console.emit(json)
        case .none: break
        }
    }
}
