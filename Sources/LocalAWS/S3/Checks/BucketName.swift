/// The rules for names of general purpose buckets (S3 guide, "Bucket naming rules").
enum BucketName {
    static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last,
            isAlphanumeric(first), isAlphanumeric(last),
            bytes.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }),
            !name.contains(".."), !isAddress(bytes)
        else { return false }
        let heads = ["xn--", "sthree-", "amzn-s3-demo-"]
        let tails = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
        return !heads.contains { name.hasPrefix($0) } && !tails.contains { name.hasSuffix($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Four numbers, as 192.168.5.4.
    private static func isAddress(_ bytes: [UInt8]) -> Bool {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) } }
    }
}
