import DynamoModel
import Glibc
import ItemBytes
import JSON
import Pacing

/// The service behind the wire: finds the operation of a request, performs it, answers.
///
/// May be used from any thread, each with a ``Workbench`` of its own.
package final class Service: Sendable {
    package let tables: Tables
    package let faults: FaultSource
    package let time: any TimeSource
    package let requests = RequestCounts()
    private let control: any ControlPlane
    /// Nil when nobody's signature is asked for.
    private let authenticator: (any Authenticator)?
    /// Tables on which every call that would change them is refused.
    private let denied: Set<String>
    /// Operations that the server is to lack.
    private let missing: [Operation]

    package init(
        tables: Tables, faults: FaultSource, time: any TimeSource, control: any ControlPlane,
        authenticator: (any Authenticator)?, denied: Set<String>, missing: [Operation]
    ) {
        self.tables = tables
        self.faults = faults
        self.time = time
        self.control = control
        self.authenticator = authenticator
        self.denied = denied
        self.missing = missing
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
            output.append(array: control.meterReport(of: self).bytes)
        } else if request.method == .get, path == "/" {
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
        bench: Workbench, answer: inout Answer, into output: inout ByteBuffer
    ) throws(ServiceError) {
        let caller = try authenticator?.check(request, bytes, now: time.secondsSinceEpoch)
        let call = Call(operation: operation, caller: caller, fault: answer.fault)
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
        let body = UnsafeRawBufferPointer(rebasing: bytes[request.body])
        switch request.coding {
        case .identity:
            answer.bodyStart = try perform(call, body, bench: bench, into: &output)
        case .gzip:
            // Observed: a broken gzip body is answered 500, and the inflated size is not limited.
            guard let inflated = Zlib.gunzip(body, limit: 64 * 1024 * 1024) else {
                throw .internalError
            }
            answer.bodyStart = try inflated.withUnsafeBytes { bytes in
                Result { () throws(ServiceError) in
                    try perform(call, bytes, bench: bench, into: &output)
                }
            }.get()
        case .unknown: throw .internalError
        }
    }

    /// What is asked for, by whom, and what befalls it.
    private struct Call {
        let operation: Operation
        let caller: (any Caller)?
        let fault: Fault?
    }

    /// Performs an operation; returns where in `output` the body begins.
    private func perform(
        _ call: Call, _ body: UnsafeRawBufferPointer, bench: Workbench,
        into output: inout ByteBuffer
    ) throws(ServiceError) -> Int {
        let start = output.count
        bench.encoder.removeAll()
        // Batches are large: who may write them is not kept waiting for a pass that finds tables.
        if call.operation == .batchWriteItem, call.caller?.may(.batchWriteItem) ?? true {
            try batchWriteItem(body, call.fault, bench: bench, into: &output)
            return start
        }
        let request = try Parameters(body)
        for name in tables.names(in: request) { requests.count(call.operation, table: name) }
        try call.caller?.check(call.operation, request, tables)
        switch call.operation {
        case .scan: return try scan(request, bench: bench, into: &output)
        case .putItem: try putItem(request, bench: bench, into: &output)
        case .getItem: try getItem(request, bench: bench, into: &output)
        case .deleteItem: try deleteItem(request, bench: bench, into: &output)
        case .updateItem: try updateItem(request, bench: bench, into: &output)
        case .batchGetItem: try batchGetItem(request, call.fault, bench: bench, into: &output)
        default:
            if let reply = try control.perform(call.operation, request, on: self) {
                output.append(array: reply.bytes)
            }
        }
        return start
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
