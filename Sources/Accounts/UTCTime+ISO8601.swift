import AWS

extension UTCTime: CustomStringConvertible {
    /// Reads the spellings of ISO 8601 in which credentials tell their end: a date and a time to
    /// the second, perhaps with a fraction (which is dropped), then `Z`, `UTC` (old SSO caches) or
    /// an offset. nil when it is anything else.
    package init?(iso8601 text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int? {
            guard rest.count >= digits else { return nil }
            let part = rest.prefix(digits)
            rest = rest.dropFirst(digits)
            guard part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        func skip(_ letters: String) -> Bool {
            guard let first = rest.first, letters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"),
            let day = number(2), skip("Tt "), let hour = number(2), skip(":"),
            let minute = number(2), skip(":"), let second = number(2),
            (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
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
        self.init(
            year: year, month: month, day: day,
            secondOfDay: hour * 3_600 + minute * 60 + second - offset)
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
}
