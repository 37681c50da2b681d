/// A second of UTC, and the two spellings of it that AWS uses on the wire.
///
/// Calendar arithmetic follows the proleptic Gregorian calendar with eras of 400 years, which
/// begin on 1 March so that the leap day comes last.
package struct UTCTime: Hashable, Sendable {
    package var secondsSinceEpoch: Int

    package init(secondsSinceEpoch: Int) { self.secondsSinceEpoch = secondsSinceEpoch }

    /// Whole days since 1970-01-01: a signing key is good for one of them.
    package var day: Int { (secondsSinceEpoch - (secondsSinceEpoch < 0 ? 86_399 : 0)) / 86_400 }

    /// `YYYYMMDD'T'HHMMSS'Z'`, the form of `X-Amz-Date`, in 16 bytes.
    package var basicFormat: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { output, count in
            writeBasicFormat(to: UnsafeMutableRawPointer(output.baseAddress!))
            count = 16
        }
    }

    /// Writes the 16 bytes of ``basicFormat`` to `output`.
    func writeBasicFormat(to output: UnsafeMutableRawPointer) {
        let (year, month, dayOfMonth) = civilDate
        let second = secondsSinceEpoch - day * 86_400
        let output = output.assumingMemoryBound(to: UInt8.self)
        func write(_ value: Int, digits: Int, at offset: Int) {
            var rest = value
            for index in stride(from: offset + digits - 1, through: offset, by: -1) {
                output[index] = 0x30 + UInt8(rest % 10)
                rest /= 10
            }
        }
        write(year, digits: 4, at: 0)
        write(month, digits: 2, at: 4)
        write(dayOfMonth, digits: 2, at: 6)
        output[8] = UInt8(ascii: "T")
        write(second / 3_600, digits: 2, at: 9)
        write(second / 60 % 60, digits: 2, at: 11)
        write(second % 60, digits: 2, at: 13)
        output[15] = UInt8(ascii: "Z")
    }

    private var civilDate: (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468  // days since 0000-03-01
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153  // 0 is March
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }

    package init(year: Int, month: Int, day: Int, secondOfDay: Int) {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        secondsSinceEpoch = (era * 146_097 + dayOfEra - 719_468) * 86_400 + secondOfDay
    }

    /// Reads an HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7, the one form
    /// that senders may use); nil when it is anything else.
    package init?(httpDate bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 29, bytes[26..<29].elementsEqual("GMT".utf8) else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            Int(String(decoding: bytes[range], as: UTF8.self))
        }
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let monthName = String(decoding: bytes[8..<11], as: UTF8.self)
        guard let month = months.firstIndex(of: monthName), let day = number(5..<7),
            let year = number(12..<16), let hour = number(17..<19), let minute = number(20..<22),
            let second = number(23..<25), (1...31).contains(day), (1970...9999).contains(year),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        self.init(
            year: year, month: month + 1, day: day,
            secondOfDay: hour * 3_600 + minute * 60 + second)
    }
}
