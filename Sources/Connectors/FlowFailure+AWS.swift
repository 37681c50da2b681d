import AWS
import DynamoDB
import Flow

/// What failures of the service and of its replies are to a flow.
extension FlowFailure {
    /// A request whose answer was not seen may still be executed so much later. (Signatures are
    /// refused after 5 to 15 minutes; that a request arrives a minute late was never seen.)
    package static let landsWithin = Duration.seconds(60)

    /// - Parameter table: which of both it is about, in words. The service names none. What it says
    ///   of a batch's content stays as it is: it may become a dead letter's reason.
    package init(_ error: AWSError, on table: String) {
        self.init(error)
        let isOfContent =
            error.remedy == .split && ["BatchWriteItem", "PutItem"].contains(error.operation)
        if error.lacksOperation || isOfContent { return }
        if let key = error.keyRefusal { hint = key.hint(for: "the credentials of \(table)") }
        message = "\(error.operation) on \(table): \(message)"
    }

    private init(_ error: AWSError) {
        self.init(
            Remedy(error.remedy), code: error.code, message: error.message, hint: error.hint,
            mayLandWithin: error.isOutcomeUnknown ? Self.landsWithin : nil)
        if error.localCode == .absurdReply { isAbsurd() }
        guard error.lacksOperation else { return }
        isLikelyToStay = true
        message = "\(error.operation) is not answered as by DynamoDB: \(message)"
        let advice = error.operation == "Scan" ? ", or segments: try --segments 1" : ""
        hint = error.hint ?? "the endpoint may lack \(error.operation)\(advice)"
    }

    /// A reply that was longer than what was set aside for it.
    package init(tooLong reply: Reply, _ operation: String) {
        self.init(
            .split, code: "ReplyTooLong",
            message: "a reply to \(operation) of \(reply.fullLength.counted("byte"))",
            mayLandWithin: Self.landsWithin)
        replyBytes = reply.fullLength
    }

    /// A reply that can't be read says nothing about what was done.
    package init(malformed error: any Error, _ operation: String) {
        self.init(absurd: operation, "\(error)")
    }

    /// A cursor that comes back to where it has been.
    init(goingRoundIn segment: Int) {
        self.init(
            absurd: "Scan",
            "LastEvaluatedKey does not lead on, and segment \(segment) would never end")
    }

    init(absurd operation: String, _ reason: String) {
        self.init(
            .retry, code: "AbsurdReply",
            message: "a reply to \(operation) makes no sense: \(reason)",
            mayLandWithin: Self.landsWithin)
        isAbsurd()
    }

    /// Asked again, a server says mostly the same.
    private mutating func isAbsurd() {
        isLikelyToStay = true
        hint = hint ?? "what answers there is no DynamoDB, or has a fault"
    }

    /// Credentials that have expired, and of which there are no others.
    init(_ error: ConfigurationError) {
        self.init(
            .giveUp, code: "CredentialsExpired", message: error.message, hint: error.hint)
    }
}

extension FlowFailure.Remedy {
    init(_ remedy: AWSError.Remedy) {
        switch remedy {
        // They are renewed before the flow notices.
        case .retry, .renewCredentials: self = .retry
        case .slowDown: self = .slowDown
        case .split: self = .split
        case .giveUp: self = .giveUp
        }
    }
}

extension ReadOnlyClient {
    /// Renews credentials that have expired.
    /// - Throws: the failure that `error` is, unless fresh credentials are there now.
    package func renewing(after error: AWSError) async throws(FlowFailure) {
        do throws(ConfigurationError) {
            try await renewCredentials(after: error)
        } catch {
            throw FlowFailure(error)
        }
    }

    /// Answers a call of a flow whose request has failed: at once, or, when credentials had
    /// expired, once they have been renewed or can't be.
    /// - Parameter table: as in ``FlowFailure/init(_:on:)``.
    func answer<Value>(
        _ done: @escaping Done<Value>, _ error: AWSError, on table: String
    ) {
        let failure = FlowFailure(error, on: table)
        guard error.remedy == .renewCredentials else { return done(.failure(failure)) }
        Task {
            do throws(FlowFailure) {
                try await renewing(after: error)
                done(.failure(failure))
            } catch {
                done(.failure(error))
            }
        }
    }
}
