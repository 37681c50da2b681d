import Glibc
import Pacing
import Synchronization
import System

/// One thread that serves some of the connections: waits for sockets, drives those that can go on.
///
/// Threads: `adopt` and `stop` may be called from any thread; everything else belongs to the thread
/// that `run` is called on.
final class EventLoop: @unchecked Sendable {
    // @unchecked: `inbox` is guarded by `lock`; all other state belongs to the loop's thread.
    let handler: any RequestHandler
    private let time: any TimeSource
    private let poller: Poller
    private let tls: TLSContext?
    private let writer: ReplyWriter
    private let lock = Lock()
    private var inbox: [Int32] = []
    private let isStopping = Atomic(false)
    /// By descriptor.
    private var connections: [Connection?] = []
    /// Whose reply waits for its time, the next one first.
    private var delayed: [(due: Instant, connection: Connection)] = []
    private var buffers: [ReplyBuffer] = []
    /// Some megabytes each, once they have held a page.
    private static let buffersKept = 8
    /// A buffer that a large object made larger than this is given back to the system.
    private static let bufferBytesKept = 64 << 20

    /// What accepts connections; on one of the loops only.
    var acceptor: Acceptor?

    init(
        handler: any RequestHandler, tls: TLSContext?, time: any TimeSource, seed: UInt64
    ) throws(ServerError) {
        self.handler = handler
        self.tls = tls
        self.time = time
        poller = try Poller()
        writer = ReplyWriter(seed: seed)
    }

    var now: Instant { time.now }

    // MARK: From any thread

    /// Gives the loop a connected socket, which it owns from now on.
    func adopt(_ descriptor: Int32) {
        lock.withLock { inbox.append(descriptor) }
        poller.wake()
    }

    /// Makes `run` return soon.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        poller.wake()
    }

    // MARK: On the loop's thread

    /// Serves until `stop` is called, then closes every connection.
    func run() {
        if let acceptor { acceptor.isWatched = poller.add(acceptor.listener, edgeTriggered: false) }
        while !isStopping.load(ordering: .acquiring) {
            poller.wait(milliseconds: timeout()) { event in
                if let acceptor, event.descriptor == acceptor.listener {
                    if !acceptor.accept() { pauseAccepting() }
                } else if let connection = connection(event.descriptor) {
                    connection.handle(event)
                }
            }
            takeIn()
            resumeDelayed()
            if let acceptor, !acceptor.isWatched {
                acceptor.isWatched = poller.add(acceptor.listener, edgeTriggered: false)
            }
        }
        takeIn()
        for case let connection? in connections { connection.close() }
    }

    private func connection(_ descriptor: Int32) -> Connection? {
        Int(descriptor) < connections.count ? connections[Int(descriptor)] : nil
    }

    /// Without descriptors left, connections wait in the backlog until some are closed.
    private func pauseAccepting() {
        guard let acceptor else { return }
        poller.remove(acceptor.listener)
        acceptor.isWatched = false
    }

    /// Milliseconds to wait at most: until the next delayed reply, or for ever.
    private func timeout() -> Int32 {
        if let acceptor, !acceptor.isWatched { return 50 }
        guard let first = delayed.first else { return -1 }
        let left = (first.due - now).inSeconds * 1000
        return Int32(clamping: max(0, min(60_000, left.rounded(.up))))
    }

    private func takeIn() {
        let arrived = lock.withLock {
            defer { inbox.removeAll(keepingCapacity: true) }
            return inbox
        }
        for descriptor in arrived {
            var one: Int32 = 1
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one,
                socklen_t(MemoryLayout<Int32>.size))
            var session: TLSSession?
            if let tls {
                session = TLSSession(tls, descriptor: descriptor)
                guard session != nil else {
                    Glibc.close(descriptor)
                    continue
                }
            }
            while connections.count <= Int(descriptor) { connections.append(nil) }
            connections[Int(descriptor)] = Connection(
                descriptor: descriptor, tls: session, loop: self)
            if !poller.add(descriptor, edgeTriggered: true) {
                connections[Int(descriptor)]?.close()
            }
        }
    }

    private func resumeDelayed() {
        guard !delayed.isEmpty else { return }
        let now = now
        while let next = delayed.first, next.due <= now {
            delayed.removeFirst()
            if next.connection.state != .closed { next.connection.resume() }
        }
    }

    // MARK: For connections

    func delay(_ connection: Connection, until due: Instant) {
        var place = delayed.count
        while place > 0, delayed[place - 1].due > due { place -= 1 }
        delayed.insert((due, connection), at: place)
    }

    func closed(_ connection: Connection) {
        connections[Int(connection.descriptor)] = nil
        Glibc.close(connection.descriptor)
    }

    func takeBuffer() -> ReplyBuffer { buffers.popLast() ?? ReplyBuffer() }

    func giveBack(_ buffer: ReplyBuffer) {
        guard buffers.count < Self.buffersKept, buffer.bytes.capacity <= Self.bufferBytesKept else {
            return
        }
        buffers.append(buffer)
    }

    /// The answer to bytes that are no request.
    func refuse(_ refusal: HTTPRefusal) -> ReplyBuffer {
        let reply = takeBuffer()
        reply.begin()
        let type = handler.refuse(refusal, into: &reply.bytes)
        writer.seal(
            reply, bodyStart: ReplyBuffer.headroom,
            kind: .init(status: refusal.status, contentType: type, keepsAlive: false),
            secondsSinceEpoch: time.secondsSinceEpoch)
        return reply
    }

    private static let gzipBytesMin = 4096

    /// Gives a reply its head, compressed when the client asks for it and it pays.
    func seal(
        _ reply: ReplyBuffer, _ answer: HTTPAnswer, _ request: HTTPRequest
    ) -> ReplyBuffer {
        if let headers = answer.headers {
            let bodyStart = writer.seal(
                reply, answer, headers, keepsAlive: request.keepsAlive,
                secondsSinceEpoch: time.secondsSinceEpoch)
            finish(reply, bodyStart: bodyStart, answer, request)
            return reply
        }
        var (reply, bodyStart) = (reply, answer.bodyStart)
        var kind = ReplyWriter.Kind(
            status: answer.status, contentType: answer.contentType,
            keepsAlive: request.keepsAlive)
        if request.acceptsGzip, reply.bytes.count - bodyStart > Self.gzipBytesMin {
            let packed = takeBuffer()
            packed.begin()
            let body = UnsafeRawBufferPointer(rebasing: reply.bytes.bytes[bodyStart...])
            Zlib.gzip(body, into: &packed.bytes)
            giveBack(reply)
            (reply, bodyStart) = (packed, ReplyBuffer.headroom)
            kind.isGzip = true
        }
        if answer.disturbance == .wrongChecksum { kind.checksum = 0x0BAD_C4EC }
        writer.seal(
            reply, bodyStart: bodyStart, kind: kind, secondsSinceEpoch: time.secondsSinceEpoch)
        finish(reply, bodyStart: bodyStart, answer, request)
        return reply
    }

    /// What both kinds of replies have: no body for HEAD, and what is wrong with it on purpose.
    private func finish(
        _ reply: ReplyBuffer, bodyStart: Int, _ answer: HTTPAnswer, _ request: HTTPRequest
    ) {
        if request.method == .head {
            reply.bytes.resize(bodyStart)
            reply.unsent = reply.unsent.lowerBound..<bodyStart
        }
        let count = reply.bytes.count - bodyStart
        if case .corrupt(let place) = answer.disturbance, count > 0 {
            let offset = min(Int(clamping: place * Double(count)), count - 1)
            reply.bytes.base[bodyStart + max(0, offset)] ^= 0x01
        }
    }
}

/// Accepts connections and deals them to the loops in turn. Confined to the loop that has it.
final class Acceptor {
    let listener: Int32
    var isWatched = false
    private let loops: [EventLoop]
    private var next = 0

    init(listener: Int32, loops: [EventLoop]) {
        self.listener = listener
        self.loops = loops
    }

    /// Accepts all that wait; false when there are no descriptors left.
    func accept() -> Bool {
        while true {
            let (descriptor, isExhausted) = Poller.accept(listener)
            guard let descriptor else { return !isExhausted }
            loops[next % loops.count].adopt(descriptor)
            next += 1
        }
    }
}
