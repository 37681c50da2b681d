import AWS

extension Operation {
    /// All that dynaferry sends to S3; each is declared in the file of what it is for.
    package static let storage: [Operation] = [
        .listObjects, .headObject, .getObject, .putObject, .deleteObject,
        .createMultipartUpload, .abortMultipartUpload,
    ]
}
