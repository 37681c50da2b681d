import CCrypto

/// A SHA-256 digest context that is kept and reused. Belongs to one thread at a time.
///
/// The digest is fetched once for the process: a fetch for each hash costs more than hashing a
/// short message (OpenSSL manual, `EVP_MD_fetch`).
package final class SHA256: @unchecked Sendable {
    // @unchecked: like the request that owns it, a context belongs to one thread at a time.
    package static let byteCount = 32

    /// Of the OpenSSL that the program runs with.
    package static var libraryVersion: String {
        String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
    }

    nonisolated(unsafe) fileprivate static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("libcrypto has no SHA-256")
        }
        return algorithm
    }()

    fileprivate let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Writes the 32 bytes of the digest of `message` to `digest`.
    package func hash(_ message: UnsafeRawBufferPointer, into digest: UnsafeMutableRawPointer) {
        var status = EVP_DigestInit_ex2(context, Self.algorithm, nil)
        status &= EVP_DigestUpdate(context, message.baseAddress, message.count)
        status &= EVP_DigestFinal_ex(context, digest.assumingMemoryBound(to: UInt8.self), nil)
        precondition(status == 1, "SHA-256 failed")
    }

    package func hash(_ message: [UInt8]) -> [UInt8] { message.withUnsafeBytes { hash($0) } }

    package func hash(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { output, count in
            if let start = output.baseAddress { hash(message, into: start) }
            count = Self.byteCount
        }
    }
}

/// MD5, for ETags and manifests that others make with it; it protects nothing.
///
/// Its library context is its own and has read no configuration: one that allows only what FIPS 140
/// does would refuse MD5 (OpenSSL manual, `fips_module`).
package enum MD5 {
    package static let byteCount = 16

    nonisolated(unsafe) fileprivate static let algorithm: OpaquePointer = {
        guard let library = OSSL_LIB_CTX_new(),
            let algorithm = EVP_MD_fetch(library, "MD5", "provider=default")
        else { preconditionFailure("libcrypto has no MD5") }
        return algorithm
    }()

    package static func hash(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        let digest = RunningDigest(.md5)
        digest.add(message)
        return digest.finish()
    }

    package static func hash(_ message: [UInt8]) -> [UInt8] {
        message.withUnsafeBytes { hash($0) }
    }
}

/// A digest of what comes in pieces. Belongs to one thread at a time.
package final class RunningDigest: @unchecked Sendable {
    // @unchecked: like the request that owns it, a context belongs to one thread at a time.
    package enum Algorithm: Sendable {
        case md5, sha1, sha256

        package var byteCount: Int {
            switch self {
            case .md5: MD5.byteCount
            case .sha1: SHA1.byteCount
            case .sha256: SHA256.byteCount
            }
        }
    }

    private let algorithm: Algorithm
    private let context: OpaquePointer

    package init(_ algorithm: Algorithm) {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
        self.algorithm = algorithm
        self.context = context
        let status =
            switch algorithm {
            case .md5: EVP_DigestInit_ex2(context, MD5.algorithm, nil)
            case .sha1: EVP_DigestInit_ex2(context, EVP_sha1(), nil)
            case .sha256: EVP_DigestInit_ex2(context, SHA256.algorithm, nil)
            }
        precondition(status == 1, "a digest can't begin")
    }

    deinit { EVP_MD_CTX_free(context) }

    package func add(_ bytes: UnsafeRawBufferPointer) {
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "a digest can't go on")
    }

    /// The digest of all that was added. Nothing may be added afterwards.
    package func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: algorithm.byteCount) { output, count in
            let status = EVP_DigestFinal_ex(context, output.baseAddress, nil)
            precondition(status == 1, "a digest can't end")
            count = algorithm.byteCount
        }
    }
}

/// SHA-1, for names that others have made with it; it protects nothing.
package enum SHA1 {
    package static let byteCount = 20

    package static func hash(_ message: [UInt8]) -> [UInt8] {
        message.withUnsafeBytes { hash($0) }
    }

    package static func hash(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
            let status = EVP_Digest(
                message.baseAddress, message.count, output.baseAddress, nil, EVP_sha1(), nil)
            precondition(status == 1, "SHA-1 failed")
            count = byteCount
        }
    }
}

/// A key for HMAC-SHA-256 (RFC 2104) whose two pads are hashed once, when it is made.
package final class HMACKey: @unchecked Sendable {
    // @unchecked: both contexts are only copied from after `init`, which libcrypto allows from
    // several threads at once.
    private let inner: OpaquePointer
    private let outer: OpaquePointer
    /// To make one costs as much as half a code.
    private let scratches = Locked<[SHA256]>([])

    package init(_ key: [UInt8]) {
        let blockBytes = 64
        var block = key.count > blockBytes ? SHA256().hash(key) : key
        block += [UInt8](repeating: 0, count: blockBytes - block.count)
        inner = Self.absorb(block.map { $0 ^ 0x36 })
        outer = Self.absorb(block.map { $0 ^ 0x5C })
    }

    deinit {
        EVP_MD_CTX_free(inner)
        EVP_MD_CTX_free(outer)
    }

    private static func absorb(_ pad: [UInt8]) -> OpaquePointer {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
        var status = EVP_DigestInit_ex2(context, SHA256.algorithm, nil)
        status &= EVP_DigestUpdate(context, pad, pad.count)
        precondition(status == 1, "SHA-256 failed")
        return context
    }

    /// Writes the 32 bytes of the code of `message` to `code`, using `scratch` for the work.
    package func authenticate(
        _ message: UnsafeRawBufferPointer, using scratch: SHA256, into code: UnsafeMutableRawPointer
    ) {
        let bytes = code.assumingMemoryBound(to: UInt8.self)
        var status = EVP_MD_CTX_copy_ex(scratch.context, inner)
        status &= EVP_DigestUpdate(scratch.context, message.baseAddress, message.count)
        status &= EVP_DigestFinal_ex(scratch.context, bytes, nil)
        status &= EVP_MD_CTX_copy_ex(scratch.context, outer)
        status &= EVP_DigestUpdate(scratch.context, bytes, SHA256.byteCount)
        status &= EVP_DigestFinal_ex(scratch.context, bytes, nil)
        precondition(status == 1, "HMAC-SHA-256 failed")
    }

    package func authenticate(_ message: [UInt8]) -> [UInt8] {
        let scratch = scratches.withLock { $0.popLast() } ?? SHA256()
        defer { scratches.withLock { $0.append(scratch) } }
        return [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { output, count in
            message.withUnsafeBytes {
                authenticate($0, using: scratch, into: output.baseAddress!)
            }
            count = SHA256.byteCount
        }
    }
}
