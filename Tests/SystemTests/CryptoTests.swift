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

    /// Where OpenSSL is told to be in FIPS mode (OPENSSL_CONF), this passes too.
    @Test func `MD5 agrees with RFC 1321, time after time`() {
        let md5 = MD5()
        for (message, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        ] {
            #expect(Hex.text(md5.hash(Array(message.utf8))) == digest)
        }
    }

    /// The check values of Cook's catalogue of parametrised CRC algorithms.
    @Test func `checks agree with their check values`() {
        Array("123456789".utf8).withUnsafeBytes { bytes in
            #expect(ReflectedCRC.crc32c(bytes) == 0xE306_9283)
            #expect(ReflectedCRC.crc64nvme(bytes) == 0xAE8B_1486_0A79_9888)
            #expect(Checksum.crc32(bytes) == 0xCBF4_3926)
        }
    }

    /// Method: eight bytes a step against one bit a step, at every length and alignment.
    @Test func `checks of any length are those of the definition`() {
        func slow(_ bytes: some Sequence<UInt8>, _ polynomial: UInt64, _ ones: UInt64) -> UInt64 {
            bytes.reduce(ones) { crc, byte in
                (0..<8).reduce(crc ^ UInt64(byte)) { crc, _ in
                    crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1
                }
            } ^ ones
        }
        let message = (0..<64).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
        message.withUnsafeBytes { bytes in
            for start in 0..<9 {
                for end in start...64 {
                    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                    #expect(ReflectedCRC.crc32c(part) == slow(part, 0x82F6_3B78, 0xFFFF_FFFF))
                    #expect(
                        ReflectedCRC.crc64nvme(part) == slow(part, 0x9A6C_9329_AC4B_C9B5, .max))
                }
            }
        }
    }
}
