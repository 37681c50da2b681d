import DynamoModel
import HTTPServer
import System

/// An object that is coming in parts (S3 guide, "Uploading and copying objects using multipart
/// upload"). Uploads that are not completed end with the server.
struct MultipartUpload: Sendable {
    static let partsMax = 10_000
    /// Of each part but the last.
    static let partBytesMin = 5 << 20

    struct Part: Sendable {
        var content: ObjectContent
        var md5: [UInt8]
        var checksum: ObjectChecksum
        /// Seconds since 1970.
        var modified: Int

        var etag: String { Hex.text(md5) }
    }

    /// A part as the request to complete names it.
    struct ListedPart {
        var number: Int
        var etag: String
        var checksum: ObjectChecksum?
    }

    let id: String
    let bucket: String
    let key: ObjectKey
    /// Seconds since 1970.
    let initiated: Int
    let headers: [HTTPHeader]
    let storageClass: String
    /// As asked for; nil for S3's own choice.
    let algorithm: ObjectChecksum.Algorithm?
    let kind: ObjectChecksum.Kind
    /// By number.
    var parts: [Int: Part] = [:]

    /// The parts that make the object, in their order.
    func chosen(_ listed: [ListedPart]) throws(S3Error) -> [Part] {
        let numbers = listed.map(\.number)
        guard zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .invalidPartOrder
        }
        var chosen: [Part] = []
        for (place, entry) in listed.enumerated() {
            guard let part = parts[entry.number], part.etag == entry.etag,
                entry.checksum == nil || entry.checksum == part.checksum
            else { throw .invalidPart(id, entry) }
            if let algorithm, kind == .composite, entry.checksum?.algorithm != algorithm {
                let name = algorithm.rawValue.lowercased()
                throw .invalidRequest(
                    "The upload was created using a \(name) checksum. The complete request must "
                        + "include the checksum for each part. It was missing for part "
                        + "\(entry.number) in the request.")
            }
            let isLast = place == listed.count - 1
            guard isLast || part.content.count >= Self.partBytesMin else {
                throw .partTooSmall(part.content.count, entry)
            }
            chosen.append(part)
        }
        return chosen
    }

    /// `hex(md5 of the parts' md5s)-N`
    static func etag(of parts: [Part]) -> String {
        Hex.text(MD5.hash(parts.flatMap(\.md5))) + "-\(parts.count)"
    }

    /// The checksum of the checksums of some parts.
    static func composite(
        _ algorithm: ObjectChecksum.Algorithm, of parts: [Part]
    ) -> ObjectChecksum {
        var checksum = RunningChecksum(algorithm)
        let sums = parts.flatMap { Base64.decode(Array($0.checksum.value.utf8)) ?? [] }
        sums.withUnsafeBytes { checksum.add($0) }
        return ObjectChecksum(
            algorithm: algorithm, value: checksum.finishText() + "-\(parts.count)",
            kind: .composite)
    }
}

extension S3Error {
    static let invalidPartOrder = S3Error(
        400, "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.")

    static func invalidPart(_ id: String, _ part: MultipartUpload.ListedPart) -> S3Error {
        S3Error(
            400, "InvalidPart",
            "One or more of the specified parts could not be found. The part may not have been "
                + "uploaded, or the specified entity tag may not match the part's entity tag.",
            [("UploadId", id), ("PartNumber", "\(part.number)"), ("ETag", part.etag)])
    }

    static func partTooSmall(_ count: Int, _ part: MultipartUpload.ListedPart) -> S3Error {
        S3Error(
            400, "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            [
                ("ProposedSize", "\(count)"),
                ("MinSizeAllowed", "\(MultipartUpload.partBytesMin)"),
                ("PartNumber", "\(part.number)"), ("ETag", part.etag),
            ])
    }
}
