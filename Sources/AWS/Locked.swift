import Glibc

/// A value behind a mutex, for what several threads touch briefly.
///
/// Nothing slow and no foreign code may run inside ``withLock(_:)``. The mutex lives at a heap
/// address of its own, as `pthread_mutex_t` demands; `Mutex` of the standard library makes the
/// thread sanitizer report races that are none.
package final class Locked<Value>: @unchecked Sendable {
    // @unchecked: `value` is touched only while `mutex` is held.
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init failed with \(status)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
