import AWS
import Testing

@testable import S3

/// Goal: what can't be a place in S3 is told in plain words before anything is sent.
@Suite struct LocationTests {
    @Test(arguments: [
        ("s3://bucket/prefix/", "bucket", "prefix/"), ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""), ("s3://bucket//a", "bucket", "/a"),
        ("s3://my.logs-1/a b/+%2F?#é~", "my.logs-1", "a b/+%2F?#é~"),
        ("s3://My_Bucket/../x", "My_Bucket", "../x"),
    ])
    func `a prefix is kept as it was given`(text: String, bucket: String, prefix: String) throws {
        let location = try S3Location(text)
        #expect(location.bucket.text == bucket)
        #expect(location.prefix.utf8.elementsEqual(prefix.utf8))
        #expect(try S3Location(location.description) == location)
    }

    @Test func `prefixes that only look alike are two`() throws {
        #expect(try S3Location("s3://bucket/\u{E9}") != S3Location("s3://bucket/e\u{301}"))
    }

    @Test(arguments: [
        ("bucket/prefix", "s3://bucket/prefix"), ("s3:/bucket", "s3://bucket/prefix"),
        ("S3://bucket", "s3://bucket/prefix"), ("s3://", "names no bucket"),
        ("s3:///key", "names no bucket"),
        ("s3://ab/x", "can't be the name of a bucket"), ("s3://a..b/x", "two dots"),
        ("s3://-ab/x", "begins or ends"), ("s3://ab-/x", "begins or ends"),
        ("s3://b ucket/x", "other characters"), ("s3://büchse/x", "other characters"),
        ("s3://192.168.5.4/x", "IP address"),
        ("s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/name", "ARN"),
        ("s3://logs--euw1-az1--x-s3/", "directory bucket"), ("s3://alias.mrap/", "multi-Region"),
        ("s3://bucket/\(String(repeating: "k", count: 1_025))", "more than 1,024 bytes"),
    ])
    func `what can't be one is refused, with how to write it`(text: String, said: String) {
        let error = #expect(throws: ConfigurationError.self) { try S3Location(text) }
        #expect(error?.description.contains(said) == true, "\(error?.description ?? "")")
        #expect(error?.kind == .bucket)
    }

    @Test func `the alias of an access point is a bucket like others`() throws {
        #expect(try BucketName("logs-abc123-s3alias").text == "logs-abc123-s3alias")
        #expect(throws: ConfigurationError.self) {
            try BucketName(String(repeating: "a", count: 256))
        }
    }

    @Test func `options that make no sense are told`() {
        var options = BucketOptions()
        options.expectedOwner = "123456789012"
        options.encryption = .kms(key: "alias/key", bucketKey: true)
        #expect(options.defect == nil)
        options.encryption = .kms(key: "alias/key\r\nx-evil: 1", bucketKey: nil)
        #expect(options.defect?.contains("KMS key") == true)
        options.encryption = .s3
        for owner in ["12345678901", "12345678901a", "", "arn:aws:iam::123456789012:root"] {
            options.expectedOwner = owner
            #expect(options.defect?.contains("twelve digits") == true, "\(owner)")
        }
    }

    @Test func `options become the headers that S3 knows`() {
        var options = BucketOptions()
        #expect(options.headers.isEmpty && options.putHeaders.isEmpty)
        options.expectedOwner = "123456789012"
        options.requesterPays = true
        options.givesOwnerControl = true
        options.encryption = .kms(key: "k", bucketKey: true)
        #expect(
            options.headers.map { "\($0.name): \($0.value)" } == [
                "x-amz-expected-bucket-owner: 123456789012", "x-amz-request-payer: requester",
            ])
        #expect(
            options.putHeaders.map { "\($0.name): \($0.value)" } == [
                "x-amz-acl: bucket-owner-full-control", "x-amz-server-side-encryption: aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id: k",
                "x-amz-server-side-encryption-bucket-key-enabled: true",
            ])
        options.givesOwnerControl = false
        options.encryption = .kmsTwice(key: nil)
        #expect(options.putHeaders.map(\.value) == ["aws:kms:dsse"])
        options.encryption = .s3
        #expect(options.putHeaders.map(\.value) == ["AES256"])
    }
}
