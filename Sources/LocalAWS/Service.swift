import DynamoModel
import Glibc
import HTTPServer
import JSON
import Pacing
import System

/// DynamoDB behind the wire: finds the operation of a request, performs it, answers. Requests that
/// are S3's go to ``S3Service``.
///
/// May be used from any thread, each with a ``RequestScratch`` of its own.
package final class Service: Sendable {
    package let tables: Tables
    package let faults: FaultSource
    package let time: any TimeSource
    /// What day it is for the service; signatures are of ``time``.
    let clock: ServiceClock
    package let requests = RequestCounts()
    /// Host and port that the server listens on; empty before it does.
    let address = Locked("")
    let s3: S3Service
    let imports: ImportJobs
    let bulkJobs: BulkJobs
    let logs: LogsService
    let exports: Exports
    /// Nil when nobody's signature is asked for.
    let signatures: SignatureCheck?
    /// Tables on which every call that would change them is refused.
    private let denied: Set<String>
    /// Operations that the server is to lack.
    private let missing: [Operation]
    let missingOfLogs: [LogsOperation]

    /// - Parameter objects: where S3's buckets are; nil keeps them in memory.
    init(_ options: ServerOptions, objects: (any ObjectStore)? = nil) {
        let rules = TableRules(
            isLimited: options.capacity == .model, partitions: options.partitions,
            burstSeconds: options.burstSeconds, timeScale: options.timeScale,
            liveCounts: options.liveCounts)
        tables = Tables(
            region: options.region, rules: rules, phaseDuration: options.phaseDuration,
            seed: options.idSeed ?? options.seed)
        faults = FaultSource(plan: options.faults, hook: options.hook, seed: options.seed)
        time = options.time
        clock = ServiceClock(options.time)
        let users = options.users
        signatures = users.isEmpty ? nil : SignatureCheck(users)
        denied = options.denyWrites
        missing = options.without.compactMap(Operation.init)
        missingOfLogs = options.without.compactMap(LogsOperation.init)
        s3 = S3Service(
            options, store: objects ?? MemoryObjectStore(), requests: requests, faults: faults)
        imports = ImportJobs(tables, s3, keepsNumbers: options.keepNumbers, seed: options.seed)
        bulkJobs = BulkJobs(tables, s3, keepsNumbers: options.keepNumbers, seed: options.seed)
        logs = LogsService(imports: imports, arnPrefix: tables.arn("logs", ""))
        exports = Exports(options, tables, s3, clock)
    }

    static let contentType = "application/x-amz-json-1.0"

    /// Appends the body of the answer to `output`.
    func answer(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, scratch: RequestScratch,
        into output: inout ByteStorage
    ) -> HTTPAnswer {
        if request.amzTarget == nil, let address = S3Address(request, bytes) {
            exports.settle()
            return s3.answer(address, request, bytes, into: &output)
        }
        if let control = ControlRequest(request, bytes) {
            return self.answer(control, into: &output)
        }
        var answer = HTTPAnswer(contentType: Self.contentType, bodyStart: output.count)
        guard request.method == .post else {
            return answerGet(request, bytes, into: &output)
        }
        if let operation = logsOperation(of: request, bytes) {
            return answerLogs(operation, request, bytes, into: &output)
        }
        if let type = request.contentType,
            bytes[type].elementsEqual("application/json".utf8)
        {
            answer.contentType = "application/json"
        }
        answer.delay = faults.latency
        do throws(ServiceError) {
            let operation = try operation(of: request, bytes)
            requests.count(operation)
            let fault = faults.next(operation: operation.rawValue)
            if let fault { answer.disturbance = faults.disturbance(of: fault) }
            if case .delay(let duration) = fault { answer.delay += duration }
            try performUnlessFaulty(
                operation, request, bytes, fault, scratch: scratch, answer: &answer, into: &output)
            if case .absurd(let seed) = fault {
                AbsurdReply.write(over: &output, from: answer.bodyStart, seed: seed)
            }
        } catch {
            output.resize(answer.bodyStart)
            output.append(array: error.json.bytes)
            answer.status = error.status
            requests.countError(error.name)
        }
        return answer
    }

    /// GET `/` is the health check; what else there is, S3 has.
    private func answerGet(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, into output: inout ByteStorage
    ) -> HTTPAnswer {
        var answer = HTTPAnswer(contentType: Self.contentType, bodyStart: output.count)
        let path = String(decoding: bytes[request.target], as: UTF8.self)
        if request.method == .get, path == "/" {
            answer.contentType = "text/plain"
            output.append(text: "healthy: dynamodb.\(tables.region).amazonaws.com ")
        } else {
            answer.status = 404
            answer.contentType = "application/xml"
            output.append("<UnknownOperationException/>\n")
        }
        return answer
    }

    private func operation(
        of request: HTTPRequest, _ bytes: UnsafeRawBufferPointer
    ) throws(ServiceError) -> Operation {
        guard let target = request.amzTarget else { throw .unknownOperation("(none)") }
        let name = UnsafeRawBufferPointer(rebasing: bytes[target])
        guard let operation = Operation(target: name), !missing.contains(operation) else {
            throw .unknownOperation(String(decoding: name, as: UTF8.self))
        }
        return operation
    }

    private func performUnlessFaulty(
        _ operation: Operation, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer,
        _ fault: Fault?, scratch: RequestScratch, answer: inout HTTPAnswer,
        into output: inout ByteStorage
    ) throws(ServiceError) {
        let caller = try signatures?.check(request, bytes, now: time.secondsSinceEpoch)
        let call = Call(operation: operation, caller: caller, fault: fault)
        switch fault {
        case .error: throw .internalError
        case .throttle: throw .throttled([])
        case .validation(let text): throw .validation(text)
        case .dropBefore, .resetBefore: return
        case .reply(let status, let contentType, let body):
            answer.status = status
            answer.contentType = contentType
            output.append(text: body)
            return
        default: break
        }
        let body = UnsafeRawBufferPointer(rebasing: bytes[request.body])
        switch request.coding {
        case .identity:
            answer.bodyStart = try perform(call, body, scratch: scratch, into: &output)
        case .gzip:
            let inflated = try inflate(body)
            answer.bodyStart = try perform(call, inflated.bytes, scratch: scratch, into: &output)
        case .unknown: throw .internalError
        }
    }

    /// A body of one gzip member or several. Observed: a broken one is answered 500.
    private func inflate(_ body: UnsafeRawBufferPointer) throws(ServiceError) -> ByteBuffer {
        let inflated = ByteBuffer()
        let reader = GzipReader()
        var place = 0
        while place < body.count || !reader.isAtEnd {
            let rest = UnsafeRawBufferPointer(rebasing: body[place...])
            let count = inflated.count
            guard let taken = reader.read(rest, into: inflated, room: Self.inflationStep),
                taken > 0 || inflated.count > count
            else { throw .internalError }
            place += taken
            guard inflated.count <= ServiceLimits.requestBytesMax else { throw .requestTooLarge }
        }
        return inflated
    }

    private static let inflationStep = 256 * 1024

    /// What is asked for, by whom, and which fault it meets.
    private struct Call {
        let operation: Operation
        let caller: User?
        let fault: Fault?
    }

    /// Performs an operation; returns where in `output` the body begins.
    private func perform(
        _ call: Call, _ body: UnsafeRawBufferPointer, scratch: RequestScratch,
        into output: inout ByteStorage
    ) throws(ServiceError) -> Int {
        let start = output.count
        catchUp()
        scratch.encoder.removeAll()
        // Batches are large: who may write them is not kept waiting for a pass that finds tables.
        if call.operation == .batchWriteItem, call.caller?.may(.batchWriteItem) ?? true {
            try batchWriteItem(body, call.fault, scratch: scratch, into: &output)
            return start
        }
        let request = try Parameters(body)
        for name in tables.names(in: request) { requests.count(call.operation, table: name) }
        try call.caller?.check(call.operation, request, tables)
        switch call.operation {
        case .query: return try query(request, scratch: scratch, into: &output)
        case .scan: return try scan(request, scratch: scratch, into: &output)
        case .putItem: try putItem(request, scratch: scratch, into: &output)
        case .getItem: try getItem(request, scratch: scratch, into: &output)
        case .deleteItem: try deleteItem(request, scratch: scratch, into: &output)
        case .updateItem: try updateItem(request, scratch: scratch, into: &output)
        case .batchGetItem: try batchGetItem(request, call.fault, scratch: scratch, into: &output)
        case .importTable:
            output.append(array: try importTable(request, for: call.caller).bytes)
        case .exportTableToPointInTime:
            output.append(
                array: try exportTable(request, scratch: scratch, for: call.caller).bytes)
        case .startBulkPutItems:
            output.append(array: try startBulkPutItems(request, for: call.caller).bytes)
        default:
            if let reply = try control(call.operation, request) {
                output.append(array: reply.bytes)
            }
        }
        return start
    }

    /// Does what jobs should have done by now. To be called before whatever looks at tables.
    func catchUp() {
        imports.catchUp(time)
        bulkJobs.catchUp(time)
    }

    // MARK: Read-only tables

    /// Counts a call that would change the table; throws when such calls are refused.
    package func admitMutation(of table: Table, _ operation: Operation) throws(ServiceError) {
        table.accountLock.withLock { table.traffic.mutatingCalls += 1 }
        try admitMutation(ofTableNamed: table.name, operation)
    }

    package func admitMutation(
        ofTableNamed name: String, _ operation: Operation
    ) throws(ServiceError) {
        guard denied.contains(name) else { return }
        throw .denied(operation: operation.rawValue, resource: tables.arn(of: name))
    }
}
