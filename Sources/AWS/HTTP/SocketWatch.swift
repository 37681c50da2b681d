import CLinux
import Glibc
import System

/// Which sockets are ready, by epoll: a socket is registered once, not with each wait.
///
/// Belongs to one thread but for ``wakeUp()``. The corresponding C functions are `epoll_create1`,
/// `epoll_ctl`, `epoll_wait` and `eventfd`.
final class SocketWatch: @unchecked Sendable {
    // @unchecked: other threads call only `wakeUp`, which writes to a descriptor that never
    // changes.

    struct Interest: OptionSet {
        let rawValue: UInt32
        static let reading = Interest(rawValue: 1)
        static let writing = Interest(rawValue: 2)
    }

    private let poll: Int32
    private let alarm: Int32
    /// What each descriptor is watched for in the kernel, and what is wanted of it.
    private var watched: [Interest?] = []
    private var wanted: [Interest] = []
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    init() {
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        alarm = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(poll >= 0 && alarm >= 0, "no descriptors for the HTTP loop")
        let status = shim_epoll_set(
            poll, EPOLL_CTL_ADD, alarm, EPOLLIN.rawValue, UInt64(UInt32(bitPattern: alarm)))
        precondition(status == 0, "epoll refuses an eventfd")
    }

    deinit {
        Glibc.close(poll)
        Glibc.close(alarm)
    }

    /// Sets what `socket` is watched for; nothing: it is left alone until something happens to it.
    ///
    /// A kept connection that waits for its next request stays in the kernel's set, so that a
    /// request costs no call here. Only when it speaks unasked, as when its peer closes it, is it
    /// taken out.
    func watch(_ socket: Int32, for interest: Interest) {
        let index = Int(socket)
        while wanted.count <= index {
            wanted.append([])
            watched.append(nil)
        }
        wanted[index] = interest
        guard !interest.isEmpty, watched[index] != interest else { return }
        let isKnown = watched[index] != nil
        let status = set(isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, interest)
        precondition(status == 0, "epoll refuses socket \(socket): error \(errno)")
        watched[index] = interest
    }

    /// Closes `socket`, which leaves the kernel's set by that; its number may come again.
    func close(_ socket: Int32) {
        let index = Int(socket)
        if index < watched.count {
            watched[index] = nil
            wanted[index] = []
        }
        Glibc.close(socket)
    }

    private func set(_ operation: Int32, _ socket: Int32, _ interest: Interest) -> Int32 {
        var mask: UInt32 = 0
        if interest.contains(.reading) { mask |= EPOLLIN.rawValue }
        if interest.contains(.writing) { mask |= EPOLLOUT.rawValue }
        return shim_epoll_set(poll, operation, socket, mask, UInt64(UInt32(bitPattern: socket)))
    }

    /// Waits until sockets are ready, the time is up or ``wakeUp()`` was called, and hands over
    /// each socket with what it is ready for. nil waits without end.
    func wait(milliseconds: Int32?, _ body: (Int32, _ ready: Interest, _ hasFailed: Bool) -> Void) {
        let count = epoll_wait(poll, &events, Int32(events.count), milliseconds ?? -1)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let socket = Int32(truncatingIfNeeded: shim_epoll_tag(&events[index]))
            let mask = events[index].events
            if socket == alarm {
                var value: eventfd_t = 0
                eventfd_read(alarm, &value)
            } else if wanted[Int(socket)].isEmpty {
                _ = shim_epoll_set(poll, EPOLL_CTL_DEL, socket, 0, 0)
                watched[Int(socket)] = nil
            } else {
                var ready: Interest = []
                if mask & EPOLLIN.rawValue != 0 { ready.insert(.reading) }
                if mask & EPOLLOUT.rawValue != 0 { ready.insert(.writing) }
                body(socket, ready, mask & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0)
            }
        }
    }

    /// Ends a wait, also one that has not yet begun. From any thread.
    func wakeUp() { eventfd_write(alarm, 1) }
}
