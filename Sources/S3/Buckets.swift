import AWS

/// What can only read a bucket.
package struct BucketReader: Sendable {
    let client: BucketClient

    package init(_ client: BucketClient) {
        self.client = client
    }
}

/// A bucket that can be read: what source and target have in common.
package protocol ReadableBucket: Sendable {
    var reader: BucketReader { get }
}

extension ReadableBucket {
    package var name: BucketName { reader.client.name }

    /// Where the bucket is, as far as is known by now.
    package var endpoint: StorageEndpoint { reader.client.endpoint }

    /// The access key in use.
    package var accessKeyID: String { reader.client.client.accessKeyID }

    /// Work with the bucket begins: see ``Client/faultsPass()``.
    package func begin() { reader.client.client.faultsPass() }

    /// See ``Client/renewCredentials(after:)``.
    package func renewCredentials(after error: AWSError) async throws(ConfigurationError) {
        try await reader.client.client.renewCredentials(after: error)
    }
}

/// A bucket that is copied from. It has reading operations only.
package struct SourceBucket: ReadableBucket {
    package let reader: BucketReader

    package init(_ client: BucketClient) {
        reader = BucketReader(client)
    }
}

/// A bucket that is copied to.
package struct TargetBucket: ReadableBucket {
    let client: BucketClient

    package init(_ client: BucketClient) {
        self.client = client
    }

    package var reader: BucketReader { BucketReader(client) }
}
