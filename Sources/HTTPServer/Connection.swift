import Glibc
import Pacing
import System

/// One client's connection: bytes in, requests found, answers out. Confined to its loop's thread.
///
/// Nothing here waits. `drive` continues until the socket has nothing more to give or takes nothing
/// more; the loop calls it again when that changes. While a reply is being sent no further request
/// is read, so a client that does not read its replies holds one buffer, and no other client waits.
final class Connection {
    private static let inputBytes = 32 * 1024
    /// An input buffer that a large request made larger than this is given back.
    private static let inputBytesKept = 1024 * 1024
    private static let readBytesMin = 16 * 1024

    enum State: Equatable {
        case open
        /// The reply is ready but waits for its time.
        case waiting(until: Instant)
        /// Never answered; ends when the client goes away.
        case stalled
        case closed
    }

    let descriptor: Int32
    private(set) var state = State.open
    private let tls: TLSSession?
    private unowned let loop: EventLoop
    private var parser = HTTPRequestParser()
    private var input = ByteStorage(capacity: Connection.inputBytes)
    private var output: ReplyBuffer?
    private var closesAfterOutput = false
    private var resetsOnClose = false
    private var mayRead = false
    private var isClosing = false

    init(descriptor: Int32, tls: TLSSession?, loop: EventLoop) {
        self.descriptor = descriptor
        self.tls = tls
        self.loop = loop
    }

    /// Takes note of what the socket can do now, then goes on.
    func handle(_ event: Poller.Event) {
        if event.isReadable || event.isClosed { mayRead = true }
        if event.isClosed {
            isClosing = true
            if state == .stalled { return close() }
        }
        drive()
    }

    /// Sends a reply whose time has come.
    func resume() {
        state = .open
        drive()
    }

    private func drive() {
        while state == .open {
            if output != nil {
                guard send() else { return }
                if closesAfterOutput { return close() }
            }
            guard step() else { return }
        }
    }

    /// One step of reading; false when there is nothing more to do for now.
    private func step() -> Bool {
        var expected = 0
        if input.count > 0 {
            do throws(HTTPRefusal) {
                switch try parser.next(&input) {
                case .request(let request, let end):
                    answer(request)
                    if state == .closed { return false }
                    input.removeFirst(end)
                    if input.count == 0, input.capacity > Self.inputBytesKept {
                        input = ByteStorage(capacity: Self.inputBytes)
                    }
                    return true
                case .wantsContinue:
                    let reply = loop.takeBuffer()
                    reply.bytes.removeAll()
                    reply.bytes.append("HTTP/1.1 100 Continue\r\n\r\n")
                    reply.unsent = 0..<reply.bytes.count
                    output = reply
                    return true
                case .wantsLimit(let request):
                    try parser.allow(loop.handler.bodyLimit(request, input.bytes))
                    return true
                case .incomplete(let count): expected = count
                }
            } catch {
                output = loop.refuse(error)
                closesAfterOutput = true
                input.removeAll()
                return true
            }
        }
        return receive(expected: expected)
    }

    // MARK: Bytes

    /// Reads what there is; false when there is nothing for now.
    private func receive(expected: Int) -> Bool {
        guard mayRead else { return false }
        input.reserve(max(Self.readBytesMin, expected - input.count))
        let space = input.capacity - input.count
        if let tls {
            switch tls.read(into: input.tail, count: space) {
            case .bytes(let count): input.commit(count)
            case .wait:
                mayRead = false
                return false
            case .closed:
                close()
                return false
            }
            return true
        }
        let count = recv(descriptor, input.tail, space, 0)
        guard count > 0 else {
            if count < 0, errno == EINTR { return true }
            mayRead = false
            if count == 0 || errno != EAGAIN { close() }
            return false
        }
        input.commit(count)
        // A short read has emptied the socket (epoll(7)); what comes later is another event. Only
        // the end that has been seen already must still be read.
        if count < space, !isClosing { mayRead = false }
        return true
    }

    /// Sends what is left of the reply; false when the socket takes no more for now.
    private func send() -> Bool {
        guard let reply = output else { return true }
        while !reply.unsent.isEmpty {
            let start = UnsafePointer(reply.bytes.base + reply.unsent.lowerBound)
            let sent: Int
            if let tls {
                switch tls.write(start, count: reply.unsent.count) {
                case .bytes(let count): sent = count
                case .wait: return false
                case .closed:
                    close()
                    return false
                }
            } else {
                sent = Glibc.send(
                    descriptor, start, reply.unsent.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else {
                if errno == EINTR { continue }
                if errno != EAGAIN { close() }
                return false
            }
            reply.unsent = (reply.unsent.lowerBound + sent)..<reply.unsent.upperBound
        }
        loop.giveBack(reply)
        output = nil
        return true
    }

    func close() {
        guard state != .closed else { return }
        state = .closed
        if let output { loop.giveBack(output) }
        output = nil
        if resetsOnClose {
            var abort = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
        } else {
            tls?.shutDown()
        }
        loop.closed(self)
    }

    // MARK: Answers

    private func answer(_ request: HTTPRequest) {
        let reply = loop.takeBuffer()
        reply.begin()
        let answer = loop.handler.answer(request, input.bytes, into: &reply.bytes)
        switch answer.disturbance {
        case .drop: return abandon(reply)
        case .reset:
            resetsOnClose = true
            return abandon(reply)
        case .stall:
            loop.giveBack(reply)
            state = .stalled
            return
        case .truncate, .corrupt, .wrongChecksum, nil: break
        }
        closesAfterOutput = !request.keepsAlive
        output = loop.seal(reply, answer, request)
        if answer.disturbance == .truncate, let output {
            let half = output.unsent.count / 2
            output.unsent = output.unsent.lowerBound..<(output.unsent.lowerBound + half)
            closesAfterOutput = true
        }
        if answer.delay > .zero {
            let due = loop.now + answer.delay
            state = .waiting(until: due)
            loop.delay(self, until: due)
        }
    }

    private func abandon(_ reply: ReplyBuffer) {
        loop.giveBack(reply)
        close()
    }
}
