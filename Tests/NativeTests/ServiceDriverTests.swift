import AWS
import Flow
import JSON
import Jobs
import Native
import Pacing
import Status
import System
import Testing
import Transfer

/// What DynamoDB does by itself is asked for once, whatever happens.
@Suite struct ServiceDriverTests {
    @Test func `work is asked for once and waited for until its end`() async throws {
        let service = FakeService(looksUntilDone: 3)
        let driver = try driver(service, [request("a"), request("b")])
        #expect(try await driver.run())
        #expect(service.asked == ["a", "b"])
        #expect(driver.requests.map(\.isDone) == [true, true])
        #expect(driver.requests.map(\.items) == [7, 7])
    }

    @Test func `what an earlier run has asked for is found by its token and not asked for again`()
        async throws
    {
        let service = FakeService(looksUntilDone: 1)
        _ = service.begin("other")
        let arn = service.begin("a")
        _ = service.begin("third")
        var asked = request("a")
        asked.sent = 1_764_000_000
        let driver = try driver(service, [asked])
        #expect(try await driver.run())
        #expect(service.asked.isEmpty)
        #expect(driver.requests[0].arn == arn)
    }

    @Test func `a reply that is lost after the service has begun brings no second asking`()
        async throws
    {
        let service = FakeService(looksUntilDone: 1)
        service.losesReplies = 1
        let driver = try driver(service, [request("a")])
        #expect(try await driver.run())
        #expect(service.asked == ["a"])
    }

    @Test func `a request that the service never saw is asked for again`() async throws {
        let service = FakeService(looksUntilDone: 1)
        var asked = request("a")
        asked.sent = 1_764_000_000
        let driver = try driver(service, [asked])
        #expect(try await driver.run())
        #expect(service.asked == ["a"])
    }

    @Test func `at the service's quota it waits until there is room`() async throws {
        let service = FakeService(looksUntilDone: 1)
        service.refusesForQuota = 2
        let driver = try driver(service, [request("a")])
        #expect(try await driver.run())
        #expect(service.asked == ["a"])
    }

    @Test func `work that fails ends with its code and is kept as failed`() async throws {
        let service = FakeService(looksUntilDone: 1)
        service.failure = "S3AccessDenied"
        let driver = try driver(service, [request("a")])
        let failure = try await #require(throws: FlowFailure.self) { try await driver.run() }
        #expect(failure.code == "S3AccessDenied")
        #expect(driver.requests[0].failureCode == "S3AccessDenied")
        #expect(driver.requests[0].renewed(token: "new").step == .ask)
    }

    @Test func `a token that another request has is not sent a second time`() async throws {
        let service = FakeService(looksUntilDone: 1)
        service.takenToken = "a"
        let driver = try driver(service, [request("a")])
        let failure = try await #require(throws: FlowFailure.self) { try await driver.run() }
        #expect(failure.code == "ExportConflictException")
        #expect(driver.requests[0].failureCode == failure.code)
        let other = try self.driver(service, [driver.requests[0].renewed(token: "b")])
        #expect(try await other.run())
        #expect(service.asked == ["b"])
    }

    @Test func `a stop ends the waiting and the next run waits for the same work`() async throws {
        let service = FakeService(looksUntilDone: 1_000_000)
        let first = try driver(service, [request("a")])
        async let ended = first.run()
        while service.asked.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        first.stop()
        #expect(try await !ended)
        service.looksUntilDone = 1
        let second = try driver(service, first.requests)
        #expect(try await second.run())
        #expect(service.asked == ["a"])
    }

    @Test func `a request is read back as it was kept`() throws {
        var kept = request("a")
        kept.sent = 1_764_000_000.5
        kept.arn = "arn:x/export/1"
        kept.failureCode = "Bad"
        kept.load = "import-table"
        #expect(ServiceRequest(json: kept.json) == kept)
        #expect(ServiceRequest(json: ["body": []]) == nil)
    }

    private func request(_ token: String) -> ServiceRequest {
        ServiceRequest(["ClientToken": .string(token)])
    }

    private func driver(
        _ service: FakeService, _ requests: [ServiceRequest]
    ) throws -> ServiceDriver {
        let time = MonotonicTime()
        return ServiceDriver(
            ServiceDriver.Settings(
                pollEvery: .milliseconds(2), giveUpAfter: .seconds(60), noun: "export"),
            service, requests,
            ServiceDriver.Hooks(
                refusal: { FlowFailure(.giveUp, code: $0.code, message: $0.message) },
                failure: { state in
                    var code = "none"
                    if case .failed(let name, _) = state.end { code = name }
                    return FlowFailure(.giveUp, code: code, message: "failed")
                }, finish: { _ in }),
            keeper: JobKeeper(tables: 1, UnitTotals(), scratchFolder: "/tmp", time: time),
            table: 0, pacer: CallPacer(spacing: .zero, time: time), note: { _ in }, time: time)
    }
}

/// A service that does what it is asked after a number of looks.
private final class FakeService: ServiceOperation, @unchecked Sendable {
    // @unchecked: everything is touched under `lock`.
    private let lock = Lock()
    private var works: [(arn: String, token: String, looks: Int)] = []
    private var tokensAsked: [String] = []
    private var untilDone: Int
    private var lost = 0
    private var full = 0
    private var fault: String?
    private var taken: String?

    init(looksUntilDone: Int) { untilDone = looksUntilDone }

    var asked: [String] { lock.withLock { tokensAsked } }
    var looksUntilDone: Int {
        get { lock.withLock { untilDone } }
        set { lock.withLock { untilDone = newValue } }
    }
    var losesReplies: Int {
        get { lock.withLock { lost } }
        set { lock.withLock { lost = newValue } }
    }
    var refusesForQuota: Int {
        get { lock.withLock { full } }
        set { lock.withLock { full = newValue } }
    }
    var failure: String? {
        get { lock.withLock { fault } }
        set { lock.withLock { fault = newValue } }
    }

    var takenToken: String? {
        get { lock.withLock { taken } }
        set { lock.withLock { taken = newValue } }
    }

    func begin(_ token: String) -> String {
        lock.withLock {
            let arn = "arn:aws:dynamodb:x:0:table/t/export/\(works.count)"
            works.append((arn, token, 0))
            return arn
        }
    }

    func ask(_ body: JSON) async throws(AWSError) -> String {
        let isFull = lock.withLock {
            full -= 1
            return full >= 0
        }
        if isFull { throw error("LimitExceededException", isUnknown: false) }
        let token = body["ClientToken"]?.string ?? ""
        if token == takenToken { throw error("ExportConflictException", isUnknown: false) }
        lock.withLock { tokensAsked.append(token) }
        let arn = begin(token)
        let isLost = lock.withLock {
            lost -= 1
            return lost >= 0
        }
        if isLost { throw error("Timeout", isUnknown: true) }
        return arn
    }

    func list(from next: String?) async throws(AWSError) -> (arns: [String], next: String?) {
        let all = lock.withLock { works.map(\.arn) }.reversed().map(\.self)
        let start = next.flatMap { Int($0) } ?? 0
        let page = Array(all.dropFirst(start).prefix(2))
        return (page, start + 2 < all.count ? String(start + 2) : nil)
    }

    func look(_ arn: String) async throws(AWSError) -> ServiceState {
        lock.withLock {
            guard let place = works.firstIndex(where: { $0.arn == arn }) else {
                return ServiceState(arn: arn, token: nil, end: nil, items: nil)
            }
            works[place].looks += 1
            let isDone = works[place].looks >= untilDone
            let end: ServiceState.End? =
                isDone ? fault.map { .failed(code: $0, message: nil) } ?? .done : nil
            return ServiceState(
                arn: arn, token: works[place].token, end: end, items: isDone ? 7 : nil)
        }
    }

    private func error(_ code: String, isUnknown: Bool) -> AWSError {
        var error = AWSError(notSent: fakeOperation, code)
        error.code = code
        error.isOutcomeUnknown = isUnknown
        return error
    }
}

private let fakeOperation = AWS.Operation(writing: "Fake", reply: .empty)
