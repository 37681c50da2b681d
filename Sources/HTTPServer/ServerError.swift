import Glibc

/// Why a server can't start, and what to do about it.
package struct ServerError: Error, Equatable, Sendable, CustomStringConvertible {
    package let message: String
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}

extension ServerError {
    /// The failure of a system call that there is no reason to expect.
    package static func system(_ call: String) -> ServerError {
        ServerError("\(call) failed: \(String(cString: strerror(errno)))")
    }
}
