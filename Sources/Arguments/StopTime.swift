import CommandLine
import System

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
            let start = Int(clamping: now)
            guard var time = CivilTime(local: start) else { return nil }
            (time.hour, time.minute, time.second) = (hour, minute, 0)
            let today = Double(time.secondsSinceEpochAsLocal)
            if today > now { return today }
            // A day may have 23 or 25 hours: from noon to noon it is the next one all the same.
            var noon = time
            (noon.hour, noon.minute) = (12, 0)
            guard var tomorrow = CivilTime(local: noon.secondsSinceEpochAsLocal + 86_400) else {
                return nil
            }
            (tomorrow.hour, tomorrow.minute, tomorrow.second) = (hour, minute, 0)
            return Double(tomorrow.secondsSinceEpochAsLocal)
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
    package init?(_ text: String) {
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
        guard let match = text.wholeMatch(of: form), let year = Int(match.1), year >= 1970,
            let month = Int(match.2), let day = Int(match.3), let hour = Int(match.4),
            let minute = Int(match.5),
            let time = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute,
                second: match.6.flatMap { Int($0) } ?? 0)
        else { return nil }
        guard let zone = match.7 else { return Double(time.secondsSinceEpochAsLocal) }
        let digits = zone.filter(\.isNumber)
        let offset =
            zone == "Z"
            ? 0 : ((Int(digits.prefix(2)) ?? 0) * 60 + (Int(digits.suffix(2)) ?? 0)) * 60
        return Double(time.secondsSinceEpochAsUTC) - Double(zone.hasPrefix("-") ? -offset : offset)
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
