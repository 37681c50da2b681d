import Dispatch
import Glibc
import System

/// A terminal's other screen, which leaves what stood on the first as it was.
///
/// While it is open, keys are read one by one, are not shown, and Ctrl-C still sends SIGINT. Who
/// opens it closes it, also when a signal ends the process. Any thread may close it; one at a time
/// shows and reads.
package final class FullScreen: @unchecked Sendable {
    // @unchecked: `stream` and `before` are touched only on `queue`.
    private let queue = DispatchQueue(label: "screen")
    private var stream: OutputStream
    /// How the terminal treated keys; nil where none are read, or once that is restored.
    private var before: termios?
    private var isOpen = true
    private let descriptor: Int32
    private let inColour: Bool
    private let readsKeys: Bool

    init(_ output: Int32, inColour: Bool) {
        stream = OutputStream(output)
        descriptor = output
        self.inColour = inColour
        before = Self.takeKeys()
        readsKeys = before != nil
        // The other screen, without a cursor. (xterm's private modes 1049 and 25.)
        stream.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[H\u{1B}[2J")
    }

    deinit { close() }

    package var size: (columns: Int, rows: Int) { Terminal.size(descriptor) }

    /// Nobody looks any more.
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
            guard isOpen else { return }
            stream.write("\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J")
        }
    }

    /// Waits so long for a key that has been typed; nil where none was. The corresponding C
    /// functions are `poll` and `read`.
    package func key(within limit: Duration) -> UInt8? {
        let milliseconds = Int32(clamping: limit.inNanoseconds / 1_000_000)
        guard readsKeys else {
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
            guard isOpen else { return }
            isOpen = false
            stream.write("\u{1B}[?25h\u{1B}[?1049l")
            guard var before else { return }
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            self.before = nil
        }
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
        // Stopped or dumped it would leave the other screen behind.
        withUnsafeMutableBytes(of: &own.c_cc) { keys in
            keys[Int(VSUSP)] = 0
            keys[Int(VQUIT)] = 0
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        guard tcsetattr(STDIN_FILENO, TCSANOW, &own) == 0 else { return nil }
        return before
    }
}
