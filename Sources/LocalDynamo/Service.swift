import DynamoModel
import Glibc
import JSON
import Pacing

/// The service behind the wire: finds the operation of a request, performs it, answers.
///
/// May be used from any thread, each with a ``Workbench`` of its own.
final class Service: Sendable {
    let tables: Tables
    let faults: FaultSource
    let time: any TimeSource
    let requests = RequestCounts()
    private let denied: Set<String>
    private let signature: SignatureCheck?
    private let region: String
    let keepsNumbers: Bool
    let seed: UInt64

    init(_ options: ServerOptions) {
        time = options.time
        region = options.region
        keepsNumbers = options.keepNumbers
        seed = options.seed
        denied = options.denyWrites
        signature = options.requireSignature.map(SignatureCheck.init)
        faults = FaultSource(plan: options.faults, hook: options.hook, seed: options.seed)
        tables = Tables(
            region: options.region,
            settings: TableSettings(
                capacity: options.capacity, partitions: options.partitions,
                burstSeconds: options.burstSeconds, timeScale: options.timeScale,
                liveCounts: options.liveCounts),
            phaseDuration: options.phaseDuration, seed: options.seed)
    }

    /// What to send, and what is to go wrong with it.
    struct Answer {
        var status = 200
        var contentType = Answer.json
        /// Where the body begins in the buffer; it ends where the buffer does.
        var bodyStart: Int
        var fault: Fault?

        static let json = "application/x-amz-json-1.0"
    }

    /// Appends the body of the answer to `output`.
    func answer(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, bench: Workbench,
        into output: inout ByteBuffer
    ) -> Answer {
        var answer = Answer(bodyStart: output.count)
        guard request.method == .post else {
            return answerGet(request, bytes, into: &output)
        }
        if let type = request.contentType,
            bytes[type].elementsEqual("application/json".utf8)
        {
            answer.contentType = "application/json"
        }
        do throws(ServiceError) {
            let operation = try operation(of: request, bytes)
            requests.count(operation)
            answer.fault = faults.next(operation: operation.rawValue)
            try performUnlessFaulty(
                operation, request, bytes, bench: bench, answer: &answer, into: &output)
        } catch {
            output.resize(answer.bodyStart)
            output.append(array: error.json.bytes)
            answer.status = error.status
            requests.countError(error.name)
        }
        return answer
    }

    /// GET `/` is the health check, GET `/_meter` the meter; the service has nothing else.
    private func answerGet(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer
    ) -> Answer {
        var answer = Answer(bodyStart: output.count)
        let path = String(decoding: bytes[request.target], as: UTF8.self)
        if request.method == .get, path == "/_meter" {
            answer.contentType = "application/json"
            output.append(array: meterReport().bytes)
        } else if request.method == .get, path == "/" {
            answer.contentType = "text/plain"
            output.append(text: "healthy: dynamodb.\(region).amazonaws.com ")
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
        guard let operation = Operation(target: name) else {
            throw .unknownOperation(String(decoding: name, as: UTF8.self))
        }
        return operation
    }

    private func performUnlessFaulty(
        _ operation: Operation, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer,
        bench: Workbench, answer: inout Answer, into output: inout ByteBuffer
    ) throws(ServiceError) {
        try signature?.check(request, bytes, now: time.secondsSinceEpoch)
        switch answer.fault {
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
        let (body, fault) = (UnsafeRawBufferPointer(rebasing: bytes[request.body]), answer.fault)
        switch request.coding {
        case .identity:
            answer.bodyStart = try perform(
                operation, body, fault, bench: bench, into: &output)
        case .gzip:
            // Observed: a broken gzip body is answered 500, and the inflated size is not limited.
            guard let inflated = Zlib.gunzip(body, limit: 64 * 1024 * 1024) else {
                throw .internalError
            }
            answer.bodyStart = try inflated.withUnsafeBytes { bytes in
                Result { () throws(ServiceError) in
                    try perform(operation, bytes, fault, bench: bench, into: &output)
                }
            }.get()
        case .unknown: throw .internalError
        }
    }

    /// Performs an operation; returns where in `output` the body begins.
    private func perform(
        _ operation: Operation, _ body: UnsafeRawBufferPointer, _ fault: Fault?,
        bench: Workbench, into output: inout ByteBuffer
    ) throws(ServiceError) -> Int {
        let start = output.count
        bench.encoder.removeAll()
        if operation == .batchWriteItem {
            try batchWriteItem(body, fault, bench: bench, into: &output)
            return start
        }
        let request = try Parameters(body)
        switch operation {
        case .scan: return try scan(request, bench: bench, into: &output)
        case .putItem: try putItem(request, bench: bench, into: &output)
        case .getItem: try getItem(request, bench: bench, into: &output)
        case .deleteItem: try deleteItem(request, bench: bench, into: &output)
        case .batchGetItem: try batchGetItem(request, bench: bench, into: &output)
        default:
            if let reply = try control(operation, request) { output.append(array: reply.bytes) }
        }
        return start
    }

    // MARK: Read-only tables

    /// Counts a call that would change the table; throws when such calls are refused.
    func admitMutation(of table: Table, _ operation: Operation) throws(ServiceError) {
        table.accountLock.withLock { table.traffic.mutatingCalls += 1 }
        try admitMutation(ofTableNamed: table.name, operation)
    }

    func admitMutation(
        ofTableNamed name: String, _ operation: Operation
    ) throws(ServiceError) {
        guard denied.contains(name) else { return }
        throw .denied(operation: operation.rawValue, resource: tables.arn(of: name))
    }
}
