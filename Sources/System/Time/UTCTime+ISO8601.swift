extension UTCTime: CustomStringConvertible {
    /// Reads the spellings of ISO 8601 in which credentials say their end: a date and a time to
    /// the second, perhaps with a fraction (which is dropped), then `Z`, `UTC` (old SSO caches) or
    /// an offset. nil when it is anything else.
    package init?(iso8601 text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits else { return nil }
            defer { rest = rest.dropFirst(digits) }
            return Decimal.number(rest.prefix(digits))
        }
        func skip(_ letters: String) -> Bool {
            guard let first = rest.first, letters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"),
            let day = number(2), skip("Tt "), let hour = number(2), skip(":"),
            let minute = number(2), skip(":"), let second = number(2), year >= 1970,
            let time = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        if skip(".,") { rest = rest.drop { (0x30...0x39).contains($0) } }
        var offset = 0
        let zone = String(decoding: rest, as: UTF8.self)
        if !["Z", "z", "UTC"].contains(zone) {
            let isWest = rest.first == UInt8(ascii: "-")
            guard skip("+-"), let hours = number(2) else { return nil }
            _ = skip(":")
            guard let minutes = number(2), rest.isEmpty, hours <= 23, minutes <= 59 else {
                return nil
            }
            offset = (hours * 3_600 + minutes * 60) * (isWest ? -1 : 1)
        }
        self.init(secondsSinceEpoch: time.secondsSinceEpochAsUTC - offset)
    }

    /// `2026-11-25T17:20:33Z`
    package var iso8601: String {
        var text = basicFormat
        for (offset, byte) in [(13, ":"), (11, ":"), (6, "-"), (4, "-")] {
            text.insert(contentsOf: byte.utf8, at: offset)
        }
        return String(decoding: text, as: UTF8.self)
    }

    package var description: String { iso8601 }

    /// Reads ``basicFormat``, `20130524T000000Z`; nil when it is anything else.
    package init?(basicFormat text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = Decimal.number(bytes[0..<4]), let month = Decimal.number(bytes[4..<6]),
            let day = Decimal.number(bytes[6..<8]), let hour = Decimal.number(bytes[9..<11]),
            let minute = Decimal.number(bytes[11..<13]),
            let second = Decimal.number(bytes[13..<15]), year >= 1970,
            let time = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self.init(secondsSinceEpoch: time.secondsSinceEpochAsUTC)
    }
}
