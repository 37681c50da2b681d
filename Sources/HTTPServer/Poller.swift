import CLinux
import Glibc
import System

/// epoll, eventfd and accept4: the only file that knows these parts of Linux.
///
/// `wake` may be called from any thread, all else from the thread that waits.
final class Poller: Sendable {
    struct Event {
        let descriptor: Int32
        let isReadable: Bool
        let isWritable: Bool
        /// The other side is gone: what is left may be read, nothing more will come.
        let isClosed: Bool
    }

    private static let eventsMax = 256

    private let poll: Int32
    private let wakeup: Int32

    init() throws(ServerError) {
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeup = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard poll >= 0, wakeup >= 0 else { throw ServerError.system("epoll_create1") }
        guard add(wakeup, edgeTriggered: false) else { throw ServerError.system("epoll_ctl") }
    }

    deinit {
        close(poll)
        close(wakeup)
    }

    /// Watches a descriptor: for reading while there is something to read, or (edge-triggered) for
    /// both directions whenever something changes.
    func add(_ descriptor: Int32, edgeTriggered: Bool) -> Bool {
        let events =
            edgeTriggered
            ? EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
            : EPOLLIN.rawValue
        let tag = UInt64(UInt32(bitPattern: descriptor))
        return shim_epoll_set(poll, EPOLL_CTL_ADD, descriptor, events, tag) == 0
    }

    func remove(_ descriptor: Int32) {
        _ = shim_epoll_set(poll, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Ends a wait that is going on, or the next one.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }

    /// Waits for events, at most `milliseconds` (-1: for ever), and calls `body` with each.
    func wait(milliseconds: Int32, _ body: (Event) -> Void) {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventsMax) { events in
            let count = epoll_wait(
                poll, events.baseAddress, Int32(Self.eventsMax), milliseconds)
            guard count > 0 else { return }
            for index in 0..<Int(count) {
                let descriptor = Int32(
                    bitPattern: UInt32(shim_epoll_tag(events.baseAddress! + index)))
                if descriptor == wakeup {
                    var value: UInt64 = 0
                    _ = read(wakeup, &value, 8)
                    continue
                }
                let bits = events[index].events
                let closed = EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLRDHUP.rawValue
                body(
                    Event(
                        descriptor: descriptor, isReadable: bits & EPOLLIN.rawValue != 0,
                        isWritable: bits & EPOLLOUT.rawValue != 0, isClosed: bits & closed != 0))
            }
        }
    }

    /// Takes the next connection from a listening socket; nil when none is waiting.
    /// `isExhausted` says that the process has no descriptors left for it.
    static func accept(_ listener: Int32) -> (descriptor: Int32?, isExhausted: Bool) {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        while true {
            let descriptor = accept4(listener, nil, nil, flags)
            if descriptor >= 0 { return (descriptor, false) }
            // ECONNABORTED: that client has gone; the next may be there.
            if errno == EINTR || errno == ECONNABORTED { continue }
            return (nil, errno == EMFILE || errno == ENFILE || errno == ENOMEM)
        }
    }
}
