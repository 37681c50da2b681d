import Glibc
import System

/// What is known of the terminal behind a descriptor, if there is one.
package enum Terminal {
    /// Columns and rows when nothing says otherwise.
    package static let standardSize = (columns: 80, rows: 24)

    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Asked anew each time it matters, so that a resized window needs no signal. The
    /// corresponding C call is `ioctl` with `TIOCGWINSZ`.
    package static func size(_ descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return standardSize }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Whether the terminal understands escape sequences.
    package static func isCapable(_ descriptor: Int32) -> Bool {
        isTerminal(descriptor) && environment("TERM") != "dumb"
    }

    /// Whether text may hold more than ASCII, by the locale as POSIX orders its variables.
    package static var speaksUnicode: Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
