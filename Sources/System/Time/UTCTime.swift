/// A second of UTC, and the spellings of it that AWS uses on the wire.
package struct UTCTime: Hashable, Sendable {
    /// Of the years 1970 to 9999: what lies outside is moved to the nearer end.
    package let secondsSinceEpoch: Int

    private static let range = 0...253_402_300_799

    /// The end of the year 9999, in milliseconds since 1970.
    package static let millisecondsMax = range.upperBound * 1_000

    package init(secondsSinceEpoch: Int) {
        self.secondsSinceEpoch = min(
            max(secondsSinceEpoch, Self.range.lowerBound), Self.range.upperBound)
    }

    /// - Parameter seconds: since 1970; what is no number is taken for 0.
    package init(secondsSinceEpoch seconds: Double) {
        self.init(secondsSinceEpoch: Int(clamping: seconds))
    }

    /// Whole days since 1970-01-01: a signing key is good for one of them.
    package var day: Int { secondsSinceEpoch / 86_400 }

    private var civil: CivilTime {
        guard let civil = CivilTime(utc: secondsSinceEpoch) else {
            preconditionFailure("\(secondsSinceEpoch) is no time of the years 1970 to 9999")
        }
        return civil
    }

    /// `YYYYMMDD'T'HHMMSS'Z'`, the form of `X-Amz-Date`, in 16 bytes.
    package var basicFormat: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { output, count in
            writeBasicFormat(to: UnsafeMutableRawPointer(output.baseAddress!))
            count = 16
        }
    }

    /// Writes the 16 bytes of ``basicFormat`` to `output`.
    package func writeBasicFormat(to output: UnsafeMutableRawPointer) {
        let civil = civil
        let output = output.assumingMemoryBound(to: UInt8.self)
        func write(_ value: Int, digits: Int, at offset: Int) {
            var rest = value
            for index in stride(from: offset + digits - 1, through: offset, by: -1) {
                output[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
        }
        write(civil.year, digits: 4, at: 0)
        write(civil.month, digits: 2, at: 4)
        write(civil.day, digits: 2, at: 6)
        output[8] = UInt8(ascii: "T")
        write(civil.hour, digits: 2, at: 9)
        write(civil.minute, digits: 2, at: 11)
        write(civil.second, digits: 2, at: 13)
        output[15] = UInt8(ascii: "Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// As HTTP spells dates, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    package var httpDate: String {
        let civil = civil
        // 1970 began on a Thursday.
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][day % 7]
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(weekday), \(two(civil.day)) \(Self.months[civil.month - 1]) \(civil.year) "
            + "\(two(civil.hour)):\(two(civil.minute)):\(two(civil.second)) GMT"
    }

    /// Reads an HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7, the one form
    /// that senders may use); nil when it is anything else.
    package init?(httpDate bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 29, bytes[26..<29].elementsEqual("GMT".utf8) else { return nil }
        func number(_ range: Range<Int>) -> Int? { Decimal.number(bytes[range]) }
        let monthName = String(decoding: bytes[8..<11], as: UTF8.self)
        guard let month = Self.months.firstIndex(of: monthName), let day = number(5..<7),
            let year = number(12..<16), let hour = number(17..<19), let minute = number(20..<22),
            let second = number(23..<25), year >= 1970,
            let time = CivilTime(
                year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self.init(secondsSinceEpoch: time.secondsSinceEpochAsUTC)
    }
}

/// Few digits, as dates have them.
enum Decimal {
    /// nil when anything but digits is there, or more of them than a date has.
    static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
