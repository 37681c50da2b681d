import Testing

@testable import AWS

/// Goal: a refusal of KMS says which key, which right, and whose: the service's own words name the
/// table or the bucket, and send people to its policy.
@Suite struct KeyRefusalTests {
    private static let key = "arn:aws:kms:us-east-1:123456789012:key/1a2b"
    private static let get = Operation(s3: "GetObject", mutates: false)
    private static let put = Operation(s3: "PutObject", mutates: true)
    private static let scan = ReadOperation("Scan", reply: .empty).operation
    private static let create = Operation(writing: "CreateTable", reply: .empty)
    private static let write = Operation(writing: "BatchWriteItem", reply: .empty)

    private static func error(
        _ operation: AWS.Operation, _ code: String, _ message: String
    ) -> AWSError {
        AWSError(
            operation: operation, code: code, message: message, status: 400,
            requestID: RequestID())
    }

    @Test(arguments: [
        (
            scan, "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/u is not authorized to perform: kms:Decrypt on"
                + " resource: \(key) because no identity-based policy allows it",
            ["kms:Decrypt", key, "DynamoDB", "the source's"]
        ),
        (
            scan, "AccessDeniedException",
            "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException",
            ["kms:Decrypt and kms:DescribeKey", "the KMS key", "DynamoDB"]
        ),
        (
            create, "ValidationException",
            "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key '\(key)'"
                + " does not exist",
            ["exists, is enabled", key, "kms:CreateGrant, kms:DescribeKey and"]
        ),
        (
            get, "AccessDenied",
            "User: u is not authorized to perform: kms:Decrypt on the resource associated with this"
                + " ciphertext", ["kms:Decrypt", "S3"]
        ),
        (
            put, "AccessDenied", "not authorized to perform: kms:GenerateDataKey on (\(key)).",
            ["kms:GenerateDataKey", key, "S3"]
        ),
        (put, "KMS.DisabledException", "\(key) is disabled.", ["kms:GenerateDataKey", key]),
        (get, "KMS.NotFoundException", "words", ["kms:Decrypt", "exists"]),
        (scan, "KMSAccessDeniedException", "words", ["kms:Decrypt"]),
        (scan, "KmsNotFoundException", "words", ["exists"]),
    ])
    func `it is told with the key, the right and the side`(
        operation: AWS.Operation, code: String, message: String, words: [String]
    ) throws {
        let error = Self.error(operation, code, message)
        let refusal = try #require(error.keyRefusal)
        let hint = refusal.hint(for: "the source's credentials")
        for word in words { #expect(hint.contains(word), "\(hint)") }
        #expect(hint.contains("the source's credentials"), "\(hint)")
        #expect(error.remedy != .retry && error.hint == refusal.hint())
    }

    @Test func `a table or a user with KMS in its name is no key`() {
        let message =
            "User: arn:aws:iam::123456789012:user/KMS-admin is not authorized to perform:"
            + " dynamodb:Scan on resource: arn:aws:dynamodb:us-east-1:123456789012:table/KMS-audit"
        #expect(Self.error(Self.scan, "AccessDeniedException", message).keyRefusal == nil)
    }

    @Test func `what is no refusal of a key keeps its own hint`() {
        let message = "User u is not authorized to perform: dynamodb:Scan on resource: table/orders"
        #expect(Self.error(Self.scan, "AccessDeniedException", message).keyRefusal == nil)
        #expect(Self.error(Self.scan, "ResourceNotFoundException", "no KMS").keyRefusal == nil)
        // It may quote an item, which may hold anything.
        let quoted = "Type mismatch: kms:Decrypt on \(Self.key)"
        #expect(Self.error(Self.write, "ValidationException", quoted).keyRefusal == nil)
    }

    @Test func `a throttled key is waited for`() {
        #expect(Self.error(Self.scan, "KMSThrottlingException", "slow").remedy == .slowDown)
    }
}
