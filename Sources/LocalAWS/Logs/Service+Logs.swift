import HTTPServer
import JSON
import System

/// CloudWatch Logs at the same address as DynamoDB: `X-Amz-Target` tells them apart.
extension Service {
    /// Appends the body of the answer to `output`.
    func answerLogs(
        _ operation: LogsOperation, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer,
        into output: inout ByteStorage
    ) -> HTTPAnswer {
        var answer = HTTPAnswer(
            contentType: LogsService.contentType, bodyStart: output.count)
        answer.delay = faults.latency
        do throws(ServiceError) {
            let caller = try signatures?.check(
                request, bytes, for: "logs", now: time.secondsSinceEpoch)
            if let caller, !caller.may(operation) {
                throw .deniedLogs(operation, user: caller.name)
            }
            guard request.coding == .identity else { throw .internalError }
            catchUp()
            let body = UnsafeRawBufferPointer(rebasing: bytes[request.body])
            output.append(array: try logs.perform(operation, try Parameters(body)).bytes)
        } catch {
            output.resize(answer.bodyStart)
            output.append(array: error.json.bytes)
            answer.status = error.status
            requests.countError(error.name)
        }
        return answer
    }

    /// The operation of Logs that a request is for; nil when it is for none that the server has.
    func logsOperation(
        of request: HTTPRequest, _ bytes: UnsafeRawBufferPointer
    ) -> LogsOperation? {
        guard let target = request.amzTarget else { return nil }
        let name = bytes[target]
        guard name.starts(with: LogsOperation.prefix.utf8) else { return nil }
        let operation = String(
            decoding: name.dropFirst(LogsOperation.prefix.utf8.count), as: UTF8.self)
        return LogsOperation(rawValue: operation).flatMap {
            missingOfLogs.contains($0) ? nil : $0
        }
    }
}

extension ServiceError {
    fileprivate static func deniedLogs(_ operation: LogsOperation, user: String) -> ServiceError {
        let action = "logs:\(operation.rawValue)"
        return .logs(
            "AccessDeniedException",
            "User: arn:aws:iam::\(Tables.account):user/\(user) is not authorized to perform: "
                + "\(action) because no identity-based policy allows the \(action) action")
    }
}
