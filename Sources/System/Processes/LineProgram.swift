import Glibc

/// A shell command that is given lines and gives one for each, in order. A process has the lines
/// that there are while it is written to; then its input ends, so that it gives what it may have
/// held back, and the lines that come meanwhile have another process.
///
/// A thread of its own writes and reads, so that neither waits for the other. Any thread may call.
/// The corresponding C functions are `poll` and `waitpid`.
package final class LineProgram: @unchecked Sendable {
    // @unchecked: what is not locked is touched only on the program's own thread.

    /// Why lines have no answer.
    package struct Failure: Error, CustomStringConvertible, Equatable, Sendable {
        package var message: String
        /// The number of the first line, among those that were asked together, that has none.
        package var line: Int
        /// The answers are longer than what is taken: fewer lines at a time may do.
        package var isTooLong = false

        package var description: String { message }
    }

    package typealias Answer = @Sendable (Result<[UInt8], Failure>) -> Void

    package struct Settings: Sendable {
        package var command: String
        /// `NAME=value`
        package var environment: [String]
        /// Without a byte read or written for so long, it is killed.
        package var giveUpAfter = Duration.seconds(60)

        package init(command: String, environment: [String]) {
            (self.command, self.environment) = (command, environment)
        }
    }

    private struct Orders {
        var requests: [LineExchange<Answer>.Request] = []
        var bytes = 0
        /// Nothing more comes.
        var isEnding = false
        var hasThread = false
        var finished: [@Sendable () -> Void] = []
        var hasEnded = false
    }

    private let settings: Settings
    /// Gets what it writes to stderr, line by line; nil: it has this process's own.
    private let onErrorLine: (@Sendable (String) -> Void)?
    private let orders = Locked(Orders())
    /// nil: no more files can be opened.
    private let wake: Pipe?

    // Of the thread.
    private var exchange = LineExchange<Answer>()
    private var child: Child?
    private var lastMoved: Int64 = 0
    private var errors: [UInt8] = []

    package init(_ settings: Settings, onErrorLine: (@Sendable (String) -> Void)?) {
        self.settings = settings
        self.onErrorLine = onErrorLine
        wake = try? Pipe()
        guard let wake else { return }
        for end in [wake.read, wake.write] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        guard let wake else { return }
        close(wake.read)
        close(wake.write)
    }

    /// Bytes of lines that have no answer yet.
    package var load: Int { orders.withLock { $0.bytes } }

    /// Asks for an answer to each of some lines.
    /// - Parameters:
    ///   - lines: each with its end.
    ///   - bytesMax: of the answers.
    ///   - answer: is called once, on the program's thread; lines, each with its end.
    package func send(
        _ lines: [UInt8], count: Int, bytesMax: Int, _ answer: @escaping Answer
    ) {
        guard wake != nil else {
            return answer(.failure(Failure(message: "no more files can be opened", line: 0)))
        }
        let bytes = lines.count
        let counted: Answer = { [orders] result in
            orders.withLock { $0.bytes -= bytes }
            answer(result)
        }
        let isLate = orders.withLock { orders in
            if orders.isEnding { return true }
            orders.requests.append(.init(counted, lines, count: count, bytesMax: bytesMax))
            orders.bytes += bytes
            startThread(&orders)
            return false
        }
        if isLate { return answer(.failure(Failure(message: "it has been ended", line: 0))) }
        wakeUp()
    }

    /// Ends it. What has no answer yet fails.
    package func finish() async {
        await withCheckedContinuation { continuation in
            let hasEnded = orders.withLock { orders in
                orders.isEnding = true
                if orders.hasEnded || !orders.hasThread { return true }
                orders.finished.append { continuation.resume() }
                return false
            }
            if hasEnded { continuation.resume() }
            wakeUp()
        }
    }

    private func startThread(_ orders: inout Orders) {
        if orders.hasThread { return }
        orders.hasThread = true
        pthread_detach(OwnThread.start { [self] in run() })
    }

    private func wakeUp() {
        var byte: UInt8 = 0
        if let wake { _ = write(wake.write, &byte, 1) }
    }

    // MARK: On the thread

    private func run() {
        while true {
            let (requests, isEnding) = orders.withLock { orders in
                defer { orders.requests = [] }
                return (orders.requests, orders.isEnding)
            }
            for request in requests { exchange.add(request) }
            if isEnding { break }
            if child == nil, exchange.hasUnwritten { start() }
            move()
        }
        if child != nil { reap(isKilled: true) }
        failAll("it was ended")
        let (finished, requests) = orders.withLock { orders in
            orders.hasEnded = true
            return (orders.finished, orders.requests)
        }
        for request in requests {
            request.tag(.failure(Failure(message: "it was ended", line: 0)))
        }
        for answer in finished { answer() }
    }

    private func start() {
        do throws(SystemError) {
            child = try Child(settings, hasErrors: onErrorLine != nil)
            lastMoved = MonotonicClock.nanoseconds
        } catch {
            failAll(error.description)
        }
    }

    private func failAll(_ message: String) {
        while let failed = exchange.takeFailed() {
            failed.request.tag(.failure(Failure(message: message, line: failed.line)))
        }
    }

    /// One request can't be answered; the others are asked of another process.
    private func fail(_ message: String, isTooLong: Bool = false) {
        guard let failed = exchange.takeFailed() else { return }
        failed.request.tag(
            .failure(Failure(message: message, line: failed.line, isTooLong: isTooLong)))
    }

    private func closeInput() {
        guard child?.input != nil else { return }
        child?.closeInput()
        lastMoved = MonotonicClock.nanoseconds
    }

    /// Waits until something can be done, and does it.
    private func move() {
        let writes = exchange.hasUnwritten && child?.input != nil
        var polled = [pollfd(fd: wake?.read ?? -1, events: Int16(POLLIN), revents: 0)]
        if let child {
            polled.append(pollfd(fd: child.output, events: Int16(POLLIN), revents: 0))
            polled.append(pollfd(fd: child.errors, events: Int16(POLLIN), revents: 0))
            polled.append(
                pollfd(fd: writes ? child.input ?? -1 : -1, events: Int16(POLLOUT), revents: 0))
        }
        poll(&polled, nfds_t(polled.count), timeLeft)
        if polled[0].revents != 0 { emptyWake() }
        guard polled.count > 1 else { return }
        if polled[3].revents != 0 { writeSome() }
        // What comes later has another process: this one is to give what it holds back.
        if exchange.isUnderWay, !exchange.hasUnwritten { closeInput() }
        if polled[2].revents != 0 { readErrors() }
        if polled[1].revents != 0 { readSome() }
        if child != nil { lookAtTime() }
    }

    /// In milliseconds; -1: for ever.
    private var timeLeft: Int32 {
        guard let child else { return -1 }
        // It may have ended while somebody else holds its output open.
        if child.input == nil, exchange.isAnswered { return 50 }
        let left = lastMoved + settings.giveUpAfter.inNanoseconds - MonotonicClock.nanoseconds
        return Int32(clamping: max(0, left) / 1_000_000 + 1)
    }

    private func lookAtTime() {
        if child?.input == nil, exchange.isAnswered, child?.hasExited == true { return end() }
        let still = MonotonicClock.nanoseconds - lastMoved
        guard still >= settings.giveUpAfter.inNanoseconds else { return }
        reap(isKilled: true)
        fail("it gave nothing for \(settings.giveUpAfter)")
    }

    private func emptyWake() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while let wake, read(wake.read, &bytes, bytes.count) > 0 {}
    }

    private func writeSome() {
        guard let input = child?.input else { return }
        var hasEnded = false
        exchange.write { bytes in
            let count = write(input, bytes.baseAddress, min(bytes.count, 1 << 16))
            if count < 0, errno != EAGAIN, errno != EINTR { hasEnded = true }
            return max(0, count)
        }
        lastMoved = MonotonicClock.nanoseconds
        // It reads no more: how it ends says why.
        if hasEnded { child?.closeInput() }
    }

    private func readSome() {
        guard let output = child?.output else { return }
        var hasEnded = false
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
            let count = read(output, chunk.baseAddress, chunk.count)
            if count > 0 { exchange.take(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
            hasEnded = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
        }
        lastMoved = MonotonicClock.nanoseconds
        if exchange.hasExcess {
            reap(isKilled: true)
            fail("it gave more lines than it was given")
        } else if exchange.isTooLong {
            reap(isKilled: true)
            fail("its answer is too long", isTooLong: true)
        } else if hasEnded {
            end()
        }
    }

    private func readErrors() {
        guard let descriptor = child?.errors else { return }
        var chunk = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else {
            // Closed: it is not looked at any more.
            if count == 0 { child?.closeErrors() }
            return
        }
        errors += chunk[..<count]
        tellErrors()
    }

    private func tellErrors(isLast: Bool = false) {
        while let end = errors.firstIndex(of: 0x0A) ?? (errors.count > 2_000 ? 2_000 : nil) {
            onErrorLine?(String(decoding: errors[..<end], as: UTF8.self))
            errors.removeFirst(min(end + 1, errors.count))
        }
        if isLast, !errors.isEmpty {
            onErrorLine?(String(decoding: errors, as: UTF8.self))
            errors = []
        }
    }

    /// It has closed its output, or ended.
    private func end() {
        exchange.takeEnd()
        let isWhole = exchange.isAnswered && exchange.isUnderWay
        switch reap(isKilled: false) {
        case .exited(0) where isWhole:
            for request in exchange.takeAnswered() { request.tag(.success(request.answer)) }
        case .exited(0): fail("it ended before it had given a line for each")
        case .exited(let code): fail("it ended with exit code \(code)")
        case .killed(let signal): fail("it was ended by signal \(signal)")
        }
    }

    @discardableResult
    private func reap(isKilled: Bool) -> ProcessEnd {
        child?.closeInput()
        guard let child else { return .exited(0) }
        let end = child.end(isKilled: isKilled, within: settings.giveUpAfter)
        // What it said last.
        while true {
            let before = errors.count
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = child.errors >= 0 ? read(child.errors, &chunk, chunk.count) : 0
            if count > 0 { errors += chunk[..<count] }
            if errors.count == before || errors.count > 1 << 16 { break }
        }
        tellErrors(isLast: true)
        child.close()
        self.child = nil
        return end
    }
}

/// One process of the program.
private struct Child {
    let pid: pid_t
    /// nil once it is closed.
    private(set) var input: Int32?
    let output: Int32
    /// -1 once it is closed.
    private(set) var errors: Int32

    init(_ settings: LineProgram.Settings, hasErrors: Bool) throws(SystemError) {
        var pipes = [try Pipe(), try Pipe()]
        if hasErrors { pipes.append(try Pipe()) }
        let start = ChildStart(
            program: "/bin/sh", words: ["sh", "-c", settings.command],
            environment: settings.environment, input: pipes[0].read, output: pipes[1].write,
            errors: hasErrors ? pipes[2].write : nil, hasOwnGroup: true)
        defer {
            for end in [pipes[0].read] + pipes.dropFirst().map(\.write) { _ = Glibc.close(end) }
        }
        do throws(SystemError) {
            if let plain = start.runPlain(settings.command) {
                pid = plain
            } else {
                pid = try start.run()
            }
        } catch {
            for end in [pipes[0].write] + pipes.dropFirst().map(\.read) { _ = Glibc.close(end) }
            throw error
        }
        (input, output) = (pipes[0].write, pipes[1].read)
        errors = hasErrors ? pipes[2].read : -1
        for end in [pipes[0].write, output, errors] where end >= 0 {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    mutating func closeInput() {
        if let input { Glibc.close(input) }
        input = nil
    }

    mutating func closeErrors() {
        Glibc.close(errors)
        errors = -1
    }

    func close() {
        for end in [input ?? -1, output, errors] where end >= 0 { _ = Glibc.close(end) }
    }

    /// Whether the process has ended; what it has started may still run.
    var hasExited: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT | WNOHANG) == 0
            && information._sifields._sigchld.si_pid == pid
    }

    /// Its end; it is killed when it has not ended by itself after some time.
    func end(isKilled: Bool, within limit: Duration) -> ProcessEnd {
        let deadline = MonotonicClock.nanoseconds + limit.inNanoseconds
        var (status, wait): (Int32, Int32) = (0, 1)
        while !isKilled, !hasExited, MonotonicClock.nanoseconds < deadline {
            poll(nil, 0, wait)
            wait = min(50, wait * 2)
        }
        // What it has started, too. It is reaped last: until then no other process gets its number.
        kill(-pid, SIGKILL)
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        return ProcessEnd(status: status)
    }
}
