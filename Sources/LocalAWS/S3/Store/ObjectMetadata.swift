import HTTPServer

/// What is kept of an object besides its bytes.
struct ObjectMetadata: Equatable, Sendable {
    var size: Int
    /// Without its quotes.
    var etag: String
    /// Seconds since 1970.
    var modified: Int
    var storageClass = ObjectMetadata.standardClass
    /// Headers that a reader gets back: type, encoding, user metadata, encryption.
    var headers: [HTTPHeader] = []
    /// S3 has none of objects that are older than its checksums.
    var checksum: ObjectChecksum?

    static let standardClass = "STANDARD"

    /// Must be restored before it can be read (S3 guide, "Understanding archive retrieval").
    var isArchived: Bool { storageClass == "GLACIER" || storageClass == "DEEP_ARCHIVE" }
}

/// A bucket: its name, the region that it was made in, and when that was.
struct Bucket: Equatable, Sendable {
    var name: String
    var region: String
    /// Seconds since 1970.
    var created: Int
}
