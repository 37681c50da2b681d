import Dispatch
import Glibc
import System

/// A terminal's other screen, which leaves what stood on the first as it was.
///
/// While it is open, keys are read one by one and are not shown; Ctrl-C, Ctrl-\ and Ctrl-Z still
/// send their signals. Who opens it closes it, also when a signal ends the process, and suspends it
/// before a signal stops the process. Any thread may do that; one at a time shows and reads.
package final class FullScreen: @unchecked Sendable {
    /// What the terminal shows.
    private enum State {
        case open
        /// The first screen, for as long as the process is stopped or in the background.
        case suspended
        /// The first screen, for good.
        case closed
    }

    // @unchecked: `stream`, `before` and `state` are touched only on `queue`.
    private let queue = DispatchQueue(label: "screen")
    private var stream: OutputStream
    /// How the terminal treated keys; nil where none are read, or once that is restored.
    private var before: termios?
    private var state = State.suspended
    private let descriptor: Int32
    private let inColour: Bool

    init(_ output: Int32, inColour: Bool) {
        stream = OutputStream(output)
        descriptor = output
        self.inColour = inColour
        open()
    }

    deinit { close() }

    package var size: (columns: Int, rows: Int) { Terminal.size(descriptor) }

    /// The terminal is gone.
    package var isLost: Bool { queue.sync { stream.isClosed } }

    /// Fills the screen with these lines, from its top. Lines that do not fit below are left out,
    /// longer ones are cut.
    package func show(_ lines: [StyledText], mark: String) {
        let (columns, rows) = size
        let shown = lines.prefix(max(1, rows)).map { line in
            line.cut(toColumns: max(1, columns - 1), mark: mark).rendered(inColour: inColour)
                + "\u{1B}[K"
        }
        queue.sync {
            if state == .suspended, isInForeground { open() }
            guard state == .open else { return }
            stream.write("\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J")
        }
    }

    /// Waits so long for a key that has been typed; nil where none was. The corresponding C
    /// functions are `poll` and `read`.
    package func key(within limit: Duration) -> UInt8? {
        let milliseconds = Int32(clamping: limit.inNanoseconds / 1_000_000)
        // A process in the background that read of its terminal would be stopped.
        guard queue.sync(execute: { before != nil }) else {
            poll(nil, 0, milliseconds)
            return nil
        }
        var event = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, milliseconds) > 0 else { return nil }
        var byte: UInt8 = 0
        if read(STDIN_FILENO, &byte, 1) == 1 { return byte }
        // The terminal is gone: asking again would return at once.
        poll(nil, 0, milliseconds)
        return nil
    }

    /// Restores the first screen, the cursor and the keys. Calling it again does nothing.
    package func close() {
        queue.sync {
            restore()
            state = .closed
        }
    }

    /// The same until ``resume()``: the process is about to be stopped.
    package func suspend() { queue.sync { restore() } }

    /// Shows the screen again. In the background it waits until ``show(_:mark:)`` finds the process
    /// in the foreground.
    package func resume() {
        queue.sync {
            if state == .suspended, isInForeground { open() }
        }
    }

    /// The terminal is not another program's now. True where it controls no processes.
    private var isInForeground: Bool {
        let group = tcgetpgrp(descriptor)
        return group < 0 || group == getpgrp()
    }

    private func open() {
        before = Self.takeKeys()
        // The other screen, without a cursor. (xterm's private modes 1049 and 25.)
        stream.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[H\u{1B}[2J")
        state = .open
    }

    private func restore() {
        guard state == .open else { return }
        state = .suspended
        stream.write("\u{1B}[?25h\u{1B}[?1049l")
        guard var before else { return }
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
        self.before = nil
    }

    /// Lets keys come one by one and unseen.
    /// - Returns: how it was; nil where stdin is no terminal, or this process is in its background,
    ///   where changing it would stop the process.
    private static func takeKeys() -> termios? {
        guard isatty(STDIN_FILENO) == 1, tcgetpgrp(STDIN_FILENO) == getpgrp() else { return nil }
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        var own = before
        own.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &own.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        guard tcsetattr(STDIN_FILENO, TCSANOW, &own) == 0 else { return nil }
        return before
    }
}
