/// What a `ResourceArn` names: a table or a stream of one.
struct TableResource {
    let arn: String
    let table: String
    let streamLabel: String?
    /// Whether the ARN is of the server's region and partition.
    let isInRegion: Bool
}

extension Tables {
    /// Reads a `ResourceArn` as the operations on tags and policies do. The table need not exist.
    func resource(
        _ arn: String, operation: Operation
    ) throws(ServiceError) -> TableResource {
        guard arn.hasPrefix("arn:") else { throw .invalid("ARNs must start with 'arn:': \(arn)") }
        // A stream's label has colons of its own.
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "dynamodb", parts[5].hasPrefix("table/") else {
            throw .invalid("Provided Arn is not a DynamoDB resource arn: \(arn)")
        }
        guard parts[4] == Self.account else {
            throw .denied(
                operation: operation.rawValue, resource: arn, reason: .noResourcePolicy)
        }
        let names = parts[5].split(separator: "/").dropFirst().map(String.init)
        if names.count == 3, names[1] == "index" {
            throw .invalid(
                "Invalid resource arn provided, only table or stream is accepted. Provided "
                    + "resource arn: \(arn)")
        }
        guard names.count == 1 || (names.count == 3 && names[1] == "stream") else {
            throw .invalid("Provided Arn is not a DynamoDB resource arn: \(arn)")
        }
        return TableResource(
            arn: arn, table: names[0], streamLabel: names.count == 3 ? names[2] : nil,
            isInRegion: parts[1] == "aws" && parts[3] == region)
    }
}
