import System

/// A reply to the first Scan of a table, which was sent before whoever reads the table now began.
/// It is given once.
package final class KeptReply: Sendable {
    private let load: @Sendable (ByteBuffer) -> Bool
    private let isTaken = Locked(false)
    /// Its units have been waited for where a limit over several tables is.
    package let isPaid: Bool

    /// - Parameter load: appends the reply's bytes to a buffer; false when it can't, and has not.
    package init(isPaid: Bool, _ load: @escaping @Sendable (ByteBuffer) -> Bool) {
        self.isPaid = isPaid
        self.load = load
    }

    /// Appends the reply to `buffer`, and leaves it for whoever takes it; false when it is lost.
    package func peek(into buffer: ByteBuffer) -> Bool { load(buffer) }

    /// Appends the reply to `buffer`; false when it was taken before, or is lost: then it is asked
    /// for as any other.
    package func take(into buffer: ByteBuffer) -> Bool {
        let isFirst = isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
        return isFirst && load(buffer)
    }
}
