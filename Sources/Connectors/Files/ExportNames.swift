import System

/// Where the files of one full export lie below its place, as DynamoDB's own export has them
/// (developer guide, "DynamoDB table export output format").
package struct ExportNames: Equatable, Sendable {
    /// 14 digits (milliseconds since 1970), a hyphen, 8 hexadecimal digits.
    package var id: String

    package init(id: String) { self.id = id }

    /// - Parameters:
    ///   - started: seconds since 1970.
    ///   - salt: tells exports apart that began in the same millisecond.
    package init(started: Double, salt: UInt32) {
        let digits = String(max(0, Int(clamping: (started * 1_000).rounded(.down))))
        let zeros = String(repeating: "0", count: max(0, 14 - digits.count))
        let hex = String(salt, radix: 16)
        id = zeros + digits + "-" + String(repeating: "0", count: 8 - hex.count) + hex
    }

    /// When an export began, in seconds since 1970, as its id tells; nil for what is no id.
    package static func began(id: String) -> Double? {
        let digits = id.prefix { $0 != "-" }
        guard digits.utf8.count == 14 else { return nil }
        return CheckedNumber.int(digits, in: 0...UTCTime.millisecondsMax).map { Double($0) / 1_000 }
    }

    /// What all exports below a place begin with.
    package static let root = "AWSDynamoDB/"

    package var folder: String { Self.root + id + "/" }
    package var data: String { folder + "data/" }
    package var started: String { folder + "_started" }
    package var summary: String { folder + "manifest-summary.json" }
    package var files: String { folder + "manifest-files.json" }
    /// Ours: the table's definition and settings. Never below ``data``, all of which is loaded by
    /// what reads no manifest.
    package var table: String { folder + "table.json" }

    /// Of a manifest: base64 of the MD5 of its bytes.
    package static func md5(of name: String) -> String {
        name.hasSuffix(".json") ? name.dropLast(5) + ".md5" : name + ".md5"
    }
}

/// Who a data file of an export is of, as its name tells: 26 letters and digits of base32, like
/// those of DynamoDB's own. So a late write of a process that died never meets another file's
/// name, and a job knows what it has left behind.
package struct DataFileName: Equatable, Sendable {
    /// Of the job.
    package var job: UInt64
    /// Counts the job's processes.
    package var epoch: UInt16
    package var partition: UInt32
    package var ordinal: UInt32

    package init(job: UInt64, epoch: UInt16, partition: UInt32, ordinal: UInt32) {
        self.job = job & Self.jobMask
        self.epoch = epoch
        self.partition = partition
        self.ordinal = ordinal
    }

    private static let jobMask: UInt64 = (1 << 46) - 1
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let count = 26

    /// Without its suffix: 130 bits, of which the lowest 126 are used.
    package var text: String {
        var rest =
            UInt128(job) << 80 | UInt128(epoch) << 64 | UInt128(partition) << 32 | UInt128(ordinal)
        var text = [UInt8](repeating: 0, count: Self.count)
        for place in text.indices.reversed() {
            text[place] = Self.letters[Int(rest & 31)]
            rest >>= 5
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Parameter text: a name without folder and suffix.
    package init?(_ text: Substring) {
        guard text.utf8.count == Self.count else { return nil }
        var value: UInt128 = 0
        for byte in text.utf8 {
            guard let digit = Self.letters.firstIndex(of: byte) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 32)
            if overflow { return nil }
            value = shifted + UInt128(digit)
        }
        self.init(
            job: UInt64(truncatingIfNeeded: value >> 80) & Self.jobMask,
            epoch: UInt16(truncatingIfNeeded: value >> 64),
            partition: UInt32(truncatingIfNeeded: value >> 32),
            ordinal: UInt32(truncatingIfNeeded: value))
        guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }
}
