import AWS
import DynamoModel
import JSON

extension ReadableTable {
    func resourcePolicy(ofARN arn: String) async throws(AWSError) -> String? {
        do throws(AWSError) {
            let body: JSON = ["ResourceArn": .string(arn)]
            return try await reader.call(.getResourcePolicy, body)["Policy"]?.string
        } catch {
            if error.code == "PolicyNotFoundException" { return nil }
            throw error
        }
    }
}

extension TargetTable {
    /// (API reference, PutResourcePolicy.)
    package func setPolicy(_ policy: String, ofARN arn: String) async throws(AWSError) {
        guard try await resourcePolicy(ofARN: arn) != policy else { return }
        try await set(
            .putResourcePolicy, ["ResourceArn": .string(arn), "Policy": .string(policy)])
    }
}

extension ReadOperation {
    package static let getResourcePolicy = ReadOperation(
        "GetResourcePolicy", reply: ReplyShape([.required("Policy", .anyText)]))
}

extension Operation {
    package static let putResourcePolicy = Operation(writing: "PutResourcePolicy", reply: .empty)
}
