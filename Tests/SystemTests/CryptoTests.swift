import Testing

@testable import System

@Suite struct CryptoTests {
    @Test func `HMAC agrees with RFC 4231`() {
        let one = HMACKey([UInt8](repeating: 0x0B, count: 20)).authenticate(Array("Hi There".utf8))
        #expect(
            Hex.text(one) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let long = HMACKey([UInt8](repeating: 0xAA, count: 131)).authenticate(
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
        #expect(
            Hex.text(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    /// RFC 1321, A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ])
    func `MD5 agrees with RFC 1321, whole or in pieces`(text: String, digest: String) {
        let bytes = Array(text.utf8)
        #expect(Hex.text(MD5.hash(bytes)) == digest)
        let running = RunningDigest(.md5)
        for byte in bytes { withUnsafeBytes(of: byte) { running.add($0) } }
        #expect(Hex.text(running.finish()) == digest)
    }

    @Test func `a digest in pieces is that of the whole`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for (algorithm, whole) in [
            (RunningDigest.Algorithm.sha1, SHA1.hash(bytes)), (.sha256, SHA256().hash(bytes)),
        ] {
            let running = RunningDigest(algorithm)
            bytes.withUnsafeBytes { all in
                running.add(UnsafeRawBufferPointer(rebasing: all[..<300]))
                running.add(UnsafeRawBufferPointer(rebasing: all[300...]))
            }
            #expect(running.finish() == whole)
        }
    }

    /// The check values of the catalogue of parametrised CRC algorithms, of "123456789".
    @Test func `checksums have their check values, however the bytes are cut`() {
        let digits = Array("123456789".utf8)
        for cut in 0...digits.count {
            let (head, tail) = (Array(digits[..<cut]), Array(digits[cut...]))
            for (kind, sum) in [
                (ReflectedCRC.Kind.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888"),
            ] {
                var check = ReflectedCRC(kind)
                head.withUnsafeBytes { check.add($0) }
                tail.withUnsafeBytes { check.add($0) }
                #expect(Hex.text(check.bytes) == sum)
            }
            let first = head.withUnsafeBytes { Checksum.crc32($0) }
            #expect(tail.withUnsafeBytes { Checksum.crc32($0, after: first) } == 0xCBF4_3926)
        }
    }

    @Test func `a checksum by words is that by bytes`() {
        let bytes = (0..<4099).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
        for kind in [ReflectedCRC.Kind.crc32c, .crc64nvme] {
            var (words, single) = (ReflectedCRC(kind), ReflectedCRC(kind))
            bytes.withUnsafeBytes { words.add($0) }
            for byte in bytes { withUnsafeBytes(of: byte) { single.add($0) } }
            #expect(words.bytes == single.bytes)
        }
    }
}
