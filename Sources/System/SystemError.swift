import Glibc

/// What the system refused, in words: `cannot read x: Permission denied`.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried.
    package let attempt: String
    package let reason: String
    /// The system's number for the reason, as in `errno`.
    package let code: Int32

    package init(_ attempt: String, code: Int32) {
        self.init(attempt, reason: Self.reason(code), code: code)
    }

    package init(_ attempt: String, reason: String, code: Int32) {
        self.attempt = attempt
        self.reason = reason
        self.code = code
    }

    package var description: String { "\(attempt): \(reason)" }

    /// The corresponding C function is `strerror`.
    package static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
