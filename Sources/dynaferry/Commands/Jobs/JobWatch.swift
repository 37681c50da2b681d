import Arguments
import CommandLine
import Dispatch
import Jobs
import Pacing
import System

/// Shows a job again and again until its process has ended, or its user has seen enough.
struct JobWatch {
    let console: Console
    let showsJSON: Bool
    /// The job as it was saved last.
    let look: () throws -> JobView
    var time: any TimeSource = MonotonicTime()

    /// - Returns: the job as it was seen last.
    func run(_ view: JobView, _ control: ProcessControl) throws -> JobView {
        guard view.isRunning, !showsJSON else { return try list(view) }
        guard console.canOpenScreen else { return try list(view) }
        // What a signal finds under the lock is a screen that is open, or none.
        let screen = Locked<FullScreen?>(nil)
        control.watchSignals(Signals.leavingScreen) { number in
            guard Signals.ending.contains(number) else {
                screen.withLock { $0?.suspend() }
                control.takeEffect(number)
                screen.withLock { $0?.resume() }
                return
            }
            screen.withLock { $0?.close() }
            control.leave(.interrupted)
        }
        let opened = screen.withLock { screen in
            screen = console.openScreen()
            return screen
        }
        guard let opened else { return try list(view) }
        defer { opened.close() }
        return try fill(opened, view)
    }

    /// A line each second.
    private func list(_ view: JobView) throws -> JobView {
        var view = view
        // Where the output can't be written, its reader has gone.
        while view.isRunning, !console.isOutputClosed {
            view = view.asOf(time.secondsSinceEpoch)
            console.show(showsJSON ? view.json.text : stamped(JobText.line(view)))
            DispatchSemaphore(value: 0).waitOneSecond()
            view = try look()
        }
        return view
    }

    private func stamped(_ line: String) -> String {
        "\(UTCTime(secondsSinceEpoch: time.secondsSinceEpoch).iso8601) \(line)"
    }

    private func fill(_ screen: FullScreen, _ view: JobView) throws -> JobView {
        let drawing = Drawing(speaksUnicode: Terminal.speaksUnicode)
        var (view, history) = (view, RateHistory())
        while view.isRunning, !screen.isLost {
            let now = time.secondsSinceEpoch
            view = view.asOf(now)
            history.add(done: view.itemsHandled, fraction: view.fraction, at: now)
            if isClosed(screen, drawing, view, history, at: now) { return view }
            view = try look()
        }
        return view
    }

    /// Shows it for a second, also in a window that is resized meanwhile.
    /// - Returns: whether its user wants to see no more.
    private func isClosed(
        _ screen: FullScreen, _ drawing: Drawing, _ view: JobView, _ history: RateHistory,
        at now: Double
    ) -> Bool {
        var shown = (columns: 0, rows: 0)
        for _ in 0..<10 {
            let size = screen.size
            if size != shown {
                let lines = JobScreen(drawing: drawing)
                    .lines(view, history, columns: size.columns, rows: size.rows, at: now)
                screen.show(lines, mark: drawing.cutMark)
                shown = size
            }
            let key = screen.key(within: .milliseconds(100))
            if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") { return true }
        }
        return false
    }
}

extension DispatchSemaphore {
    /// Holds this thread for a second.
    fileprivate func waitOneSecond() { _ = wait(timeout: .now() + .seconds(1)) }
}
