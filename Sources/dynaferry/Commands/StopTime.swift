import Glibc

/// A time of day, or of one day, at which something is to end.
package enum StopTime: Equatable, Sendable {
    /// The next time that the clock on the wall says so.
    case clock(hour: Int, minute: Int)
    /// Seconds since 1970, and how it was written.
    case date(Double, text: String)

    /// Seconds since 1970 of the first such time after `now`; nil when it has passed. A time of day
    /// is local.
    package func next(after now: Double) -> Double? {
        switch self {
        case .date(let seconds, _): return seconds > now ? seconds : nil
        case .clock(let hour, let minute):
            var seconds = time_t(now)
            var local = tm()
            localtime_r(&seconds, &local)
            (local.tm_hour, local.tm_min, local.tm_sec) = (Int32(hour), Int32(minute), 0)
            local.tm_isdst = -1
            let today = Double(mktime(&local))
            if today > now { return today }
            local.tm_mday += 1
            local.tm_isdst = -1
            return Double(mktime(&local))
        }
    }
}

extension StopTime: CustomStringConvertible {
    package var description: String {
        switch self {
        case .clock(let hour, let minute):
            String(hour).padded(to: 2) + ":" + String(minute).padded(to: 2)
        case .date(_, let text): text
        }
    }

    /// `18:30`, `2026-11-25T18:30` (local), or with seconds and a zone:
    /// `2026-11-25T18:30:00Z`, `...+01:00` (ISO 8601).
    init?(_ text: String) {
        if let match = text.wholeMatch(of: /([01][0-9]|2[0-3]):([0-5][0-9])/),
            let hour = Int(match.1), let minute = Int(match.2)
        {
            self = .clock(hour: hour, minute: minute)
            return
        }
        guard let seconds = Self.seconds(text) else { return nil }
        self = .date(seconds, text: text)
    }

    private static func seconds(_ text: String) -> Double? {
        let form =
            /(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:?\d\d)?/
        guard let match = text.wholeMatch(of: form), let year = Int32(match.1),
            let month = Int32(match.2), let day = Int32(match.3), let hour = Int32(match.4),
            let minute = Int32(match.5), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, (1970...9999).contains(year)
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        (time.tm_hour, time.tm_min) = (hour, minute)
        time.tm_sec = match.6.flatMap { Int32($0) } ?? 0
        time.tm_isdst = -1
        let named = (time.tm_mon, time.tm_mday)
        guard let zone = match.7 else {
            let seconds = mktime(&time)
            return (time.tm_mon, time.tm_mday) == named ? Double(seconds) : nil
        }
        let seconds = timegm(&time)
        // The 31st of a month that has 30 days is another day.
        guard (time.tm_mon, time.tm_mday) == named else { return nil }
        let digits = zone.filter(\.isNumber)
        let offset = zone == "Z" ? 0 : (Int(digits.prefix(2))! * 60 + Int(digits.suffix(2))!) * 60
        return Double(seconds) - Double(zone.hasPrefix("-") ? -offset : offset)
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String {
        String(repeating: "0", count: max(0, length - count)) + self
    }
}

extension ValueKind where Value == StopTime {
    package static var stopTime: Self {
        ValueKind(
            name: "TIME", expected: "a time such as 18:30 or 2026-11-25T18:30:00Z",
            parse: { StopTime($0) }, show: { "\($0)" })
    }
}
