import System

/// Decides what became of a request: a reply that can be trusted, or an error with its remedy.
///
/// The order matters. The checksum is over the bytes as sent, so it is checked before they are
/// inflated, and before anything is read from them.
struct ReplyJudge {
    let operation: Operation
    let hasAnswered: Bool
    let operationHasAnswered: Bool

    func judge(_ exchange: HTTPExchange, latency: Duration) -> Result<Reply, AWSError> {
        if let failure = exchange.failure {
            return .failure(AWSError(operation: operation, failure, hasAnswered: hasAnswered))
        }
        let wire = exchange.wire
        if exchange.isKept, let crc32 = exchange.crc32, Checksum.crc32(wire.bytes) != crc32 {
            return .failure(
                error(.crcMismatch, "the reply's bytes do not match x-amz-crc32", exchange))
        }
        guard let fullLength = inflate(exchange) else {
            return .failure(error(.malformedReply, "the reply's gzip data is broken", exchange))
        }
        guard exchange.status == 200 else { return .failure(refusal(exchange)) }
        // Every reply is an object, but for a few operations' empty ones.
        let reply = exchange.reply
        // A page of a proxy's passes; what it is asked for in vain, and JSON, are asked for again
        // only a few times.
        if fullLength == reply.count, let first = reply.bytes.first, first != UInt8(ascii: "{") {
            let isLasting = !operationHasAnswered || first != UInt8(ascii: "<")
            return .failure(
                error(
                    isLasting ? .absurdReply : .malformedReply, "the reply is not a JSON object",
                    exchange))
        }
        return .success(
            Reply(
                body: reply, fullLength: fullLength, latency: latency,
                requestID: exchange.requestID))
    }

    /// Brings the body into the reply's buffer; its full length, or nil when it is broken.
    private func inflate(_ exchange: HTTPExchange) -> Int? {
        guard exchange.isGzip, exchange.isKept else { return exchange.bodyLength }
        return Zlib.gunzip(
            exchange.wire.bytes, into: exchange.reply, bytesMax: exchange.bytesMax)
    }

    private func refusal(_ exchange: HTTPExchange) -> AWSError {
        if let body = AWSErrorBody(exchange.reply.bytes) {
            return AWSError(
                operation: operation, code: body.code, message: body.message,
                status: exchange.status, requestID: exchange.requestID,
                throttlingReasons: body.throttlingReasons)
        }
        return AWSError(
            operation: operation, status: exchange.status, requestID: exchange.requestID,
            hasAnswered: hasAnswered, operationHasAnswered: operationHasAnswered)
    }

    private func error(
        _ code: AWSError.LocalCode, _ message: String, _ exchange: HTTPExchange
    ) -> AWSError {
        AWSError(
            operation: operation, code, message, status: exchange.status,
            requestID: exchange.requestID, hasAnswered: hasAnswered)
    }
}
