import Connectors
import DynamoModel
import JSON

/// What a job has DynamoDB do by itself: an export, an import. All of it is kept before it is sent,
/// so that whoever resumes asks for the same, and nothing is paid for twice.
package struct ServiceRequest: Equatable, Sendable {
    /// The request, its token included.
    package var body: JSON
    /// When it was sent first, by this machine's clock, in seconds since 1970; nil: never.
    package var sent: Double?
    /// What DynamoDB calls the work, once it has said so.
    package var arn: String?
    /// It has ended, and well.
    package var isDone = false
    /// It has ended badly: the service's name for it. Asked for again it is another one.
    package var failureCode: String?
    /// Items, once it is done.
    package var items = 0
    /// Of an export: the table as it was when it was asked for, which may be gone since.
    package var table: ExportedTable?
    /// Of an export that a table is loaded from: how, as it was decided before it was asked for.
    package var load: String?

    package init(_ body: JSON) { self.body = body }

    package var token: String? { body["ClientToken"]?.string }

    package var json: JSON {
        var json: JSON = ["body": body, "isDone": .bool(isDone), "items": JSON(items)]
        json["sent"] = sent.map { JSON($0) }
        json["arn"] = arn.map { .string($0) }
        json["failure"] = failureCode.map { .string($0) }
        json["load"] = load.map { .string($0) }
        json["table"] = table?.json
        return json
    }

    /// For programs.
    var report: JSON {
        [
            "arn": arn.map { .string($0) } ?? .null, "isDone": .bool(isDone),
            "items": JSON(items), "error": failureCode.map { .string($0) } ?? .null,
            "request": body,
        ]
    }

    /// nil for what no job has kept.
    package init?(json: JSON) {
        guard let body = json["body"], body.members != nil, let isDone = json["isDone"]?.bool,
            let items = json["items"]?.int(in: ServiceRanges.itemCount)
        else { return nil }
        self.init(body)
        self.isDone = isDone
        self.items = items
        sent = json["sent"]?.double(in: ServiceRanges.timestamps)
        arn = json["arn"]?.string
        failureCode = json["failure"]?.string
        load = json["load"]?.string
        table = json["table"].flatMap { ExportedTable(kept: $0) }
    }
}

extension ServiceRequest {
    /// What is to be done about it next.
    package enum Step: Equatable, Sendable {
        /// Nothing of it was ever sent.
        case ask
        /// It was sent, and nobody has seen an answer: DynamoDB may be at it.
        case lookUp
        /// DynamoDB is at it, under this ARN.
        case poll(String)
        case none
    }

    package var step: Step {
        if isDone { return .none }
        if let arn { return .poll(arn) }
        return sent == nil ? .ask : .lookUp
    }

    /// The same, to be asked for anew: as one that has failed is.
    package func renewed(token: String) -> ServiceRequest {
        var other = ServiceRequest(body)
        other.body["ClientToken"] = .string(token)
        (other.load, other.table) = (load, table)
        // What is reported of the one before is not of this one.
        if let prefix = body["OutputS3Configuration"]?["S3KeyPrefix"]?.string, let old = self.token
        {
            other.body["OutputS3Configuration"]?["S3KeyPrefix"] = .string(
                prefix.replacing(old, with: token))
        }
        return other
    }
}
