/// A value behind a mutex, for what several threads touch briefly.
///
/// Nothing slow and no foreign code may run inside ``withLock(_:)``.
package final class Locked<Value>: @unchecked Sendable {
    // @unchecked: `value` is touched only while `lock` is held.
    private var value: Value
    private let lock = Lock()

    package init(_ value: sending Value) { self.value = value }

    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock { () throws(Failure) in try body(&value) }
    }
}
