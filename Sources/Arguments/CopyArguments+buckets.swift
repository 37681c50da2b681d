import CommandLine
import S3

extension CopyArguments {
    /// What buckets are asked, as the AWS CLI names it.
    package static var bucketOptions: [Option<Self>] {
        [
            Option(
                "--expected-bucket-owner", .accountID, \.files.bucket.expectedOwner, in: .files,
                default: "any",
                "Account that the bucket must belong to; requests to another one's are refused."),
            Option(
                flag: "--requester-pays", \.files.bucket.requesterPays, in: .files,
                "Pay for requests to a bucket whose owner does not."),
            Option(
                ["--sse"], .encryption, in: .files, default: "as the bucket says",
                "How each object is encrypted: AES256, aws:kms or aws:kms:dsse."
            ) { arguments, _, value in
                arguments.files.bucket.encryption = value.encryption(
                    key: arguments.files.bucket.encryption.key)
            },
            Option(
                ["--sse-kms-key-id"], .text("KEY", expected: "a key's id, ARN or alias"),
                in: .files, default: "the account's own for S3",
                "The key of KMS that objects are encrypted with; means --sse aws:kms."
            ) { arguments, _, value in
                arguments.files.bucket.encryption =
                    arguments.files.bucket.encryption.withKey(value)
            },
            Option(
                flag: "--bucket-owner-full-control", \.files.bucket.givesOwnerControl, in: .files,
                "Give the bucket's owner control of each object, where the bucket has ACLs."),
        ]
    }

    /// The first of these options that was given.
    package var bucketOption: String? {
        let (bucket, usual) = (files.bucket, BucketOptions())
        if bucket.expectedOwner != nil { return "--expected-bucket-owner" }
        if bucket.requesterPays { return "--requester-pays" }
        if bucket.encryption != usual.encryption { return "--sse" }
        return bucket.givesOwnerControl ? "--bucket-owner-full-control" : nil
    }
}

/// The words of `--sse`.
package enum EncryptionWord: String, CaseIterable {
    case aes = "AES256"
    case kms = "aws:kms"
    case kmsTwice = "aws:kms:dsse"

    package func encryption(key: String?) -> BucketOptions.Encryption {
        switch self {
        case .aes: .s3
        case .kms: .kms(key: key, bucketKey: nil)
        case .kmsTwice: .kmsTwice(key: key)
        }
    }
}

extension BucketOptions.Encryption {
    fileprivate var key: String? {
        switch self {
        case .kms(let key, _), .kmsTwice(let key): key
        case .bucketDefault, .s3: nil
        }
    }

    fileprivate func withKey(_ key: String) -> Self {
        if case .kmsTwice = self { return .kmsTwice(key: key) }
        return .kms(key: key, bucketKey: nil)
    }
}

extension ValueKind where Value == EncryptionWord {
    package static var encryption: Self {
        ValueKind(
            name: "HOW", expected: "AES256, aws:kms or aws:kms:dsse",
            parse: { EncryptionWord(rawValue: $0) }, show: { $0.rawValue })
    }
}

extension ValueKind where Value == String {
    package static var accountID: Self {
        .text("ACCOUNT", expected: "an account's number: twelve digits") { text in
            text.utf8.count == 12 && text.allSatisfy(\.isASCIIDigit)
        }
    }
}
