import System

/// Decides what became of a request in plain HTTP: a reply that can be trusted, or an error with
/// its remedy.
struct RESTJudge {
    let request: RESTRequest
    let past: (hasAnswered: Bool, operationHasAnswered: Bool)

    func judge(_ exchange: HTTPExchange, latency: Duration) -> Result<RESTReply, AWSError> {
        verdict(exchange, latency).mapError { error in
            var error = error
            error.place = request.place
            return error
        }
    }

    private func verdict(
        _ exchange: HTTPExchange, _ latency: Duration
    ) -> Result<RESTReply, AWSError> {
        if let failure = exchange.failure {
            return .failure(
                AWSError(
                    operation: request.operation, failure, hasAnswered: past.hasAnswered))
        }
        let fields = ReplyFields(
            exchange.fields?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0))
        guard 200..<300 ~= exchange.status else { return .failure(refusal(exchange, fields)) }
        return document(exchange, fields).map { document in
            RESTReply(
                status: exchange.status, fields: fields, body: exchange.reply, document: document,
                latency: latency)
        }
    }

    /// The document that was asked for; nil where none was.
    private func document(
        _ exchange: HTTPExchange, _ fields: ReplyFields
    ) -> Result<XMLTree?, AWSError> {
        switch request.content {
        case .bytes:
            if exchange.isKept { return .success(nil) }
            return .failure(
                error(.replyTooLong, "\(exchange.bodyLength.counted("byte"))", exchange, fields))
        case .nothing:
            // Some operations answer with 200 before they know that they fail.
            guard let refusal = ServiceRefusal(exchange.reply.bytes) else { return .success(nil) }
            return .failure(error(refusal, exchange, fields))
        case .document(let name):
            guard exchange.isKept else {
                return .failure(
                    error(.replyTooLong, "\(exchange.bodyLength.counted("byte"))", exchange, fields)
                )
            }
            return document(named: name, exchange, fields)
        }
    }

    /// A 200 may hold broken XML: it is read to its end before any of it is believed.
    private func document(
        named name: String, _ exchange: HTTPExchange, _ fields: ReplyFields
    ) -> Result<XMLTree?, AWSError> {
        let tree: XMLTree
        do {
            tree = try XMLTree(parsing: exchange.reply.bytes)
        } catch {
            return .failure(self.error(.malformedReply, error.reason, exchange, fields))
        }
        if tree.name == name { return .success(tree) }
        if let refusal = ServiceRefusal(tree) {
            return .failure(error(refusal, exchange, fields))
        }
        return .failure(
            error(
                .absurdReply, "the reply is a \(tree.name.printable), not a \(name)", exchange,
                fields))
    }

    private func refusal(_ exchange: HTTPExchange, _ fields: ReplyFields) -> AWSError {
        if let refusal = ServiceRefusal(exchange.reply.bytes) {
            return error(refusal, exchange, fields)
        }
        if exchange.bodyLength == 0, let code = ServiceRefusal.code(of: exchange.status) {
            // The reply to HEAD has no words.
            return error(ServiceRefusal(code: code), exchange, fields)
        }
        var error = AWSError(
            operation: request.operation, status: exchange.status, requestID: RequestID(),
            hasAnswered: past.hasAnswered, operationHasAnswered: past.operationHasAnswered)
        error.requestID = fields.requestID
        return error
    }

    private func error(
        _ refusal: ServiceRefusal, _ exchange: HTTPExchange, _ fields: ReplyFields
    ) -> AWSError {
        var error = AWSError(
            operation: request.operation, code: refusal.code, message: refusal.message,
            status: exchange.status, requestID: RequestID())
        error.requestID = fields.requestID
        error.region = refusal.region ?? fields("x-amz-bucket-region")
        return error
    }

    private func error(
        _ code: AWSError.LocalCode, _ message: String, _ exchange: HTTPExchange,
        _ fields: ReplyFields
    ) -> AWSError {
        var error = AWSError(
            operation: request.operation, code, message, status: exchange.status,
            hasAnswered: true)
        error.requestID = fields.requestID
        return error
    }
}

/// What S3 says when it refuses: `<Error><Code>..</Code><Message>..</Message></Error>`. Its other
/// elements are not read: of a signature that is wrong they hold all that was signed.
struct ServiceRefusal {
    var code: String
    var message = ""
    /// Where what was asked for is.
    var region: String?

    private static let codeMax = 200
    private static let messageMax = 4_000

    init(code: String) {
        self.code = code
    }

    /// Nil when `bytes` hold no refusal.
    init?(_ bytes: UnsafeRawBufferPointer) {
        // An object may be large and begin like XML; a refusal is small.
        guard bytes.count > 0, bytes.count <= HTTPExchange.errorBytesMax,
            let tree = try? XMLTree(parsing: bytes)
        else { return nil }
        self.init(tree)
    }

    init?(_ tree: XMLTree) {
        guard tree.name == "Error", let code = tree.text(of: "Code")?.trimmed, !code.isEmpty else {
            return nil
        }
        self.code = String(code.prefix(Self.codeMax)).singleLine
        message = String((tree.text(of: "Message") ?? "").prefix(Self.messageMax))
        region = tree.text(of: "Region")?.trimmed
    }

    /// What a status means that comes without a code; nil where that is not clear.
    static func code(of status: Int) -> String? {
        switch status {
        case 301: "PermanentRedirect"
        case 307: "TemporaryRedirect"
        case 400: "BadRequest"
        case 401, 403: "AccessDenied"
        case 404: "NotFound"
        case 412: "PreconditionFailed"
        case 416: "InvalidRange"
        case 501: "NotImplemented"
        case 503: "SlowDown"
        default: nil
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
