import Glibc

/// A shell command that is given lines and gives one for each, in order. It runs while there are
/// lines; when it holds its answers back, as programs do that fill a buffer first, its input ends,
/// and another process has the lines that come then.
///
/// A thread of its own writes and reads, so that neither waits for the other. Any thread may call.
/// The corresponding C function is `poll`.
package final class LineProgram: @unchecked Sendable {
    // @unchecked: what is not locked is touched only on the program's own thread.

    /// Why lines have no answer.
    package struct Failure: Error, Equatable, Sendable {
        package var message: String
        /// The number of the first line, among those that were asked together, that has none.
        package var line: Int
        /// The answers are longer than what is taken: fewer lines at a time may do.
        package var isTooLong = false

        fileprivate static func tooLong(at line: Int) -> Failure {
            Failure(message: "its answer is too long", line: line, isTooLong: true)
        }
    }

    package typealias Answer = @Sendable (Result<[UInt8], Failure>) -> Void

    package struct Settings: Sendable {
        package var command: String
        /// `NAME=value`
        package var environment: [String]
        /// Without a byte read or written for so long, it is killed.
        package var giveUpAfter = Duration.seconds(60)
        /// So long after its last byte it is taken to hold its answers back.
        package var quietFor = Duration.milliseconds(100)
        /// The same of one that has given nothing yet: it may be starting still.
        package var startsWithin = Duration.seconds(1)

        package init(command: String, environment: [String]) {
            (self.command, self.environment) = (command, environment)
        }
    }

    private struct Orders {
        var requests: [LineExchange<Answer>.Request] = []
        var bytes = 0
        /// Nothing more comes; killed at once where it is not to end by itself.
        var ending: Ending?
        var hasThread = false
        var finished: [@Sendable (Failure?) -> Void] = []
        var hasEnded = false
    }

    private enum Ending { case orderly, killed }

    private let settings: Settings
    /// Is told what it says to stderr, line by line; nil: it has this process's own.
    private let told: (@Sendable (String) -> Void)?
    private let orders = Locked(Orders())
    /// nil: no more files can be opened.
    private let wake: Pipe?

    // Of the thread.
    private var exchange = LineExchange<Answer>()
    private var child: Child?
    private var lastMoved: Int64 = 0
    /// The process at hand has given something.
    private var hasGiven = false
    /// One of its processes gave nothing before its input ended.
    private var holdsBack = false
    private var failure: Failure?
    private var errors: [UInt8] = []

    package init(_ settings: Settings, told: (@Sendable (String) -> Void)?) {
        self.settings = settings
        self.told = told
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
            if orders.ending != nil { return true }
            orders.requests.append(.init(counted, lines, count: count, bytesMax: bytesMax))
            orders.bytes += bytes
            startThread(&orders)
            return false
        }
        if isLate { return answer(.failure(Failure(message: "it has been ended", line: 0))) }
        wakeUp()
    }

    /// Ends it: in order once all has been answered, or at once.
    /// - Returns: what was wrong with it that no answer has told.
    package func finish(kills: Bool) async -> Failure? {
        await withCheckedContinuation { continuation in
            let hasEnded = orders.withLock { orders in
                orders.ending = kills ? .killed : orders.ending ?? .orderly
                if orders.hasEnded || !orders.hasThread { return true }
                orders.finished.append { continuation.resume(returning: $0) }
                return false
            }
            if hasEnded { continuation.resume(returning: nil) }
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
        var ending: Ending?
        while ending != .killed {
            let requests = orders.withLock { orders in
                ending = orders.ending
                defer { orders.requests = [] }
                return orders.requests
            }
            for request in requests { exchange.add(request) }
            if let failure, !exchange.isEmpty { fail(failure) }
            if ending == .killed || (ending == .orderly && exchange.isEmpty && child == nil) {
                break
            }
            if child == nil, exchange.hasUnwritten { start() }
            if ending == .orderly, exchange.isEmpty { closeInput() }
            move()
        }
        if child != nil { reap(isKilled: true) }
        while !exchange.isEmpty {
            fail(Failure(message: "it was ended", line: exchange.answered))
        }
        let (finished, requests) = orders.withLock { orders in
            orders.hasEnded = true
            return (orders.finished, orders.requests)
        }
        for request in requests {
            request.tag(.failure(Failure(message: "it was ended", line: 0)))
        }
        for answer in finished { answer(ending == .killed ? nil : failure) }
    }

    private func start() {
        do throws(SystemError) {
            child = try Child(settings, hasErrors: told != nil)
            hasGiven = false
            lastMoved = MonotonicClock.nanoseconds
        } catch {
            fail(Failure(message: error.description, line: 0))
        }
    }

    private func fail(_ failure: Failure) {
        guard !exchange.isEmpty else {
            self.failure = failure
            return
        }
        exchange.removeFirst().tag(.failure(failure))
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
        if polled[2].revents != 0 { readErrors() }
        if polled[1].revents != 0 { readSome() }
        if child != nil { lookAtTime() }
    }

    private var quietFor: Duration {
        hasGiven || holdsBack ? settings.quietFor : settings.startsWithin
    }

    /// In milliseconds; -1: for ever.
    private var timeLeft: Int32 {
        guard let child, exchange.isAwaiting || child.input == nil else { return -1 }
        let isQuiet = child.input != nil && !exchange.hasUnwritten
        let limit = isQuiet ? quietFor : settings.giveUpAfter
        let left = lastMoved + limit.inNanoseconds - MonotonicClock.nanoseconds
        return Int32(clamping: max(0, left) / 1_000_000 + 1)
    }

    private func lookAtTime() {
        let still = MonotonicClock.nanoseconds - lastMoved
        if exchange.isAwaiting, !exchange.hasUnwritten, still >= quietFor.inNanoseconds {
            if !hasGiven { holdsBack = true }
            closeInput()
        }
        guard exchange.isAwaiting || child?.input == nil,
            still >= settings.giveUpAfter.inNanoseconds
        else { return }
        let line = exchange.answered
        reap(isKilled: true)
        exchange.startAgain()
        fail(Failure(message: "it gave nothing for \(settings.giveUpAfter)", line: line))
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
        var (hasEnded, done) = (false, [LineExchange<Answer>.Request]())
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
            let count = read(output, chunk.baseAddress, chunk.count)
            if count > 0 {
                hasGiven = true
                done = exchange.take(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            }
            hasEnded = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
        }
        lastMoved = MonotonicClock.nanoseconds
        for request in done {
            request.tag(
                request.answer.count > request.bytesMax
                    ? .failure(.tooLong(at: 0)) : .success(request.answer))
        }
        if exchange.isTooLong || exchange.hasExcess {
            let line = exchange.answered
            reap(isKilled: true)
            exchange.startAgain()
            fail(
                exchange.hasExcess
                    ? Failure(message: "it gave more lines than it was given", line: line)
                    : .tooLong(at: line))
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
            told?(String(decoding: errors[..<end], as: UTF8.self))
            errors.removeFirst(min(end + 1, errors.count))
        }
        if isLast, !errors.isEmpty {
            told?(String(decoding: errors, as: UTF8.self))
            errors = []
        }
    }

    /// It has closed its output.
    private func end() {
        for request in exchange.takeEnd() { request.tag(.success(request.answer)) }
        let line = exchange.answered
        let isAwaiting = exchange.isAwaiting
        let end = reap(isKilled: false)
        exchange.startAgain()
        switch end {
        case .exited(0) where !isAwaiting: break
        case .exited(0):
            fail(Failure(message: "it ended before it had given a line for each", line: line))
        case .exited(let code):
            fail(Failure(message: "it ended with exit code \(code)", line: line))
        case .killed(let signal):
            fail(Failure(message: "it was ended by signal \(signal)", line: line))
        }
    }

    @discardableResult
    private func reap(isKilled: Bool) -> ProcessEnd {
        guard let child else { return .exited(0) }
        let end = child.end(isKilled: isKilled)
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
            pid = try start.run()
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

    /// Its end, which is waited for no longer than a moment: it has closed its output.
    func end(isKilled: Bool) -> ProcessEnd {
        if isKilled { kill(-pid, SIGKILL) }
        var status: Int32 = 0
        for _ in 0..<400 {
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid { return ProcessEnd(status: status) }
            if ended == -1, errno != EINTR { return .exited(0) }
            poll(nil, 0, 5)
        }
        kill(-pid, SIGKILL)
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        return ProcessEnd(status: status)
    }
}
