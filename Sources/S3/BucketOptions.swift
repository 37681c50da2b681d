import AWS

/// What is asked of a bucket with every request, and of every object that is put into it.
package struct BucketOptions: Equatable, Sendable {
    /// How objects are encrypted where they are stored. (S3 guide, "Protecting data with
    /// server-side encryption".)
    package enum Encryption: Equatable, Sendable {
        /// As the bucket says; at least with keys of S3's own.
        case bucketDefault
        /// With keys of S3's own: `AES256`.
        case s3
        /// With a key of KMS, by id, ARN or alias; nil: AWS's own key of the account.
        /// - Parameter bucketKey: whether a key of the bucket's saves most requests to KMS; nil: as
        ///   the bucket says.
        case kms(key: String?, bucketKey: Bool?)
        /// Twice, with a key of KMS: `aws:kms:dsse`.
        case kmsTwice(key: String?)
    }

    /// The account that the bucket must belong to, or requests are refused: twelve digits.
    package var expectedOwner: String?
    /// The caller pays for what it asks of a bucket that demands that.
    package var requesterPays = false
    package var encryption = Encryption.bucketDefault
    /// Objects are put with `Content-MD5` from the first one on. Buckets that ask for it get it
    /// anyway, from the second on.
    package var sendsMD5 = false
    /// The bucket's owner gets full control of each object, where buckets still have ACLs.
    package var givesOwnerControl = false

    package init() {}

    /// What can be seen to be wrong with them without asking, or nil.
    package var defect: String? {
        if let expectedOwner,
            expectedOwner.utf8.count != 12
                || !expectedOwner.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        {
            return "\"\(expectedOwner.printable)\" is not the number of an account: twelve digits"
        }
        switch encryption {
        case .kms(let key?, _), .kmsTwice(let key?):
            let isKey =
                (1...2_048).contains(key.utf8.count)
                && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isKey ? nil : "\"\(key.printable)\" is not the id of a KMS key"
        default: return nil
        }
    }

    /// Of every request.
    var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let expectedOwner { headers.append(("x-amz-expected-bucket-owner", expectedOwner)) }
        if requesterPays { headers.append(("x-amz-request-payer", "requester")) }
        return headers
    }

    /// Of every object that is put, besides ``headers``.
    var putHeaders: [(name: String, value: String)] {
        let encryptionName = "x-amz-server-side-encryption"
        var headers: [(name: String, value: String)] = []
        if givesOwnerControl { headers.append(("x-amz-acl", "bucket-owner-full-control")) }
        switch encryption {
        case .bucketDefault: break
        case .s3: headers.append((encryptionName, "AES256"))
        case .kms(let key, let bucketKey):
            headers.append((encryptionName, "aws:kms"))
            if let key { headers.append((encryptionName + "-aws-kms-key-id", key)) }
            if let bucketKey {
                headers.append((encryptionName + "-bucket-key-enabled", "\(bucketKey)"))
            }
        case .kmsTwice(let key):
            headers.append((encryptionName, "aws:kms:dsse"))
            if let key { headers.append((encryptionName + "-aws-kms-key-id", key)) }
        }
        return headers
    }
}
