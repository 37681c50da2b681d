extension AWSErrorRule {
    /// The codes that S3 alone has. (S3 API reference, "Error responses".)
    static let storage: [String: AWSErrorRule] = [
        // A fault that passes. Of a put that failed so it is not known whether it was done.
        "InternalError": .init(.retry, .plain),
        "TemporaryRedirect": .init(.retry, .plain, hint: namesRegion),
        "OperationAborted": .init(.retry, .plain),
        "ConditionalRequestConflict": .init(.retry, .plain),
        "IncompleteBody": .init(.retry, .plain),
        "RequestTimedOut": .init(.retry, .plain),
        // The bytes have changed on their way.
        "BadDigest": .init(.retry, .plain, hint: weighsChecksums),
        "XAmzContentSHA256Mismatch": .init(.retry, .plain, hint: weighsChecksums),
        "XAmzContentChecksumMismatch": .init(.retry, .plain, hint: weighsChecksums),
        "InvalidDigest": .init(.giveUp, .plain, hint: weighsChecksums),

        // Credentials.
        "InvalidAccessKeyId": .init(
            .giveUp, .plain,
            hint: { _ in "Check the access key, and that it belongs to this region's partition." }),
        "InvalidToken": .init(
            .giveUp, .plain,
            hint: { _ in "Check the session token, and that it belongs to the access key." }),
        "MissingSecurityHeader": .init(.giveUp, .plain, hint: blamesProxy),
        "NotSignedUp": .init(
            .giveUp, .plain, hint: { _ in "The caller's account is not signed up for S3." }),
        "AllAccessDisabled": .init(
            .giveUp, .plain, hint: { _ in "Ask AWS support why all access is disabled." }),
        "AccountProblem": .init(
            .giveUp, .plain, hint: { _ in "Ask AWS support about the account." }),

        // It is elsewhere, and was not found there either.
        "PermanentRedirect": .init(.giveUp, .plain, hint: namesRegion),
        "AuthorizationHeaderMalformed": .init(.giveUp, .plain, hint: namesRegion),
        "IllegalLocationConstraintException": .init(.giveUp, .plain, hint: namesRegion),

        // What was asked for is not there, or not as asked for.
        "NoSuchBucket": .init(
            .giveUp, .plain,
            hint: { _ in "Check the bucket's name, and the endpoint or partition." }),
        "NoSuchKey": .init(.giveUp, .plain, hint: { _ in "There is no object of this name." }),
        "NotFound": .init(
            .giveUp, .plain, hint: { _ in "There is no bucket or object of this name." }),
        "NoSuchUpload": .init(.giveUp, .plain),
        "NoSuchVersion": .init(.giveUp, .plain),
        "PreconditionFailed": .init(
            .giveUp, .plain,
            hint: { _ in "The object is there already, or has changed since it was looked at." }),
        "InvalidRange": .init(
            .giveUp, .plain, hint: { _ in "The object is shorter than it was: look at it anew." }),
        "InvalidObjectState": .init(
            .giveUp, .plain,
            hint: { _ in "The object is archived: restore it first, and wait until it is." }),
        "BadRequest": .init(.giveUp, .plain),
        "InvalidRequest": .init(.giveUp, .plain),
        "InvalidArgument": .init(.giveUp, .plain),
        "InvalidBucketName": .init(.giveUp, .plain),
        "InvalidBucketState": .init(.giveUp, .plain),
        "InvalidStorageClass": .init(.giveUp, .plain),
        "InvalidEncryptionAlgorithmError": .init(.giveUp, .plain),
        "KeyTooLongError": .init(
            .giveUp, .plain, hint: { _ in "A key has at most 1,024 bytes: shorten the prefix." }),
        "EntityTooLarge": .init(.giveUp, .plain),
        "EntityTooSmall": .init(.giveUp, .plain),
        "MethodNotAllowed": .init(.giveUp, .plain),
        "MalformedXML": .init(.giveUp, .plain),
        "AccessControlListNotSupported": .init(
            .giveUp, .plain,
            hint: { _ in "The bucket takes no ACLs: leave out the one that is asked for." }),
        "NotImplemented": .init(
            .giveUp, .plain,
            hint: { _ in
                "The server lacks something that was asked for: older ones take no checksums, see"
                    + " AWS_REQUEST_CHECKSUM_CALCULATION=when_required."
            }),
    ]

    /// Of the key that a table or an object is encrypted with: `KMS.DisabledException`,
    /// `KmsNotFoundException` and others, which are KMS's own names after a prefix. What to do says
    /// ``KeyRefusal``.
    static func kms(_ code: String) -> AWSErrorRule {
        if code.contains("Throttl") { return AWSErrorRule(.slowDown, .plain) }
        let passing = ["Internal", "Timeout", "Unavailable"]
        if passing.contains(where: code.contains) { return AWSErrorRule(.retry, .plain) }
        return AWSErrorRule(.giveUp, .plain)
    }

    @Sendable private static func namesRegion(_: Operation) -> String {
        "Name the bucket's own region: see --region."
    }

    @Sendable private static func weighsChecksums(_: Operation) -> String {
        "If the server computes checksums otherwise, set"
            + " AWS_REQUEST_CHECKSUM_CALCULATION=when_required."
    }

    @Sendable private static func blamesProxy(_: Operation) -> String {
        "Check whether a proxy on the way changes requests."
    }
}
