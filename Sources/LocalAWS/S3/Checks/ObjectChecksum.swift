import DynamoModel
import System

/// A checksum that S3 keeps beside an object (S3 guide, "Checking object integrity").
struct ObjectChecksum: Equatable, Sendable {
    enum Algorithm: String, CaseIterable, Sendable {
        case crc32 = "CRC32"
        case crc32c = "CRC32C"
        case crc64nvme = "CRC64NVME"
        case sha1 = "SHA1"
        case sha256 = "SHA256"

        /// `x-amz-checksum-crc32`
        var header: String { "x-amz-checksum-" + rawValue.lowercased() }
        /// Of the member in requests and replies in XML.
        var element: String { "Checksum" + rawValue }

        var byteCount: Int {
            switch self {
            case .crc32, .crc32c: 4
            case .crc64nvme: 8
            case .sha1: 20
            case .sha256: 32
            }
        }

        /// What an upload in parts has when it does not say.
        var usualKind: Kind { self == .crc64nvme ? .fullObject : .composite }

        /// CRCs of parts make no good composite of 64 bits, and hashes none of the whole.
        func allows(_ kind: Kind) -> Bool {
            switch self {
            case .crc32, .crc32c: true
            case .crc64nvme: kind == .fullObject
            case .sha1, .sha256: kind == .composite
            }
        }
    }

    /// Of the object's bytes, or of the checksums of its parts.
    enum Kind: String, Sendable {
        case fullObject = "FULL_OBJECT"
        case composite = "COMPOSITE"
    }

    var algorithm: Algorithm
    /// In base64; a composite one has `-` and the number of parts behind it.
    var value: String
    var kind = Kind.fullObject

    /// Algorithms of the service that the server lacks.
    static let missing = ["md5", "sha512", "xxhash3", "xxhash64", "xxhash128"]
}

/// A checksum of what comes in pieces.
struct RunningChecksum {
    private enum State {
        case crc32(UInt32)
        case table(ReflectedCRC)
        case digest(RunningDigest)
    }

    let algorithm: ObjectChecksum.Algorithm
    private var state: State

    init(_ algorithm: ObjectChecksum.Algorithm) {
        self.algorithm = algorithm
        state =
            switch algorithm {
            case .crc32: .crc32(0)
            case .crc32c: .table(ReflectedCRC(.crc32c))
            case .crc64nvme: .table(ReflectedCRC(.crc64nvme))
            case .sha1: .digest(RunningDigest(.sha1))
            case .sha256: .digest(RunningDigest(.sha256))
            }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .crc32(let sum): state = .crc32(Checksum.crc32(bytes, after: sum))
        case .table(var crc):
            crc.add(bytes)
            state = .table(crc)
        case .digest(let digest): digest.add(bytes)
        }
    }

    /// The bytes of the sum, the highest first. Nothing may be added afterwards.
    func finish() -> [UInt8] {
        switch state {
        case .crc32(let sum):
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> UInt32($0)) }
        case .table(let crc): crc.bytes
        case .digest(let digest): digest.finish()
        }
    }

    /// The sum of the whole, as S3 spells it.
    func finishText() -> String { Base64.encode(finish()) }
}
