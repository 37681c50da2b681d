import Glibc

/// A date and a time of day, as the calendar and the clock on the wall say them.
///
/// The calendar is glibc's: the corresponding C functions are `gmtime_r`, `localtime_r`, `timegm`
/// and `mktime`.
package struct CivilTime: Equatable, Sendable {
    /// 1 to 9999.
    package var year: Int
    /// 1 to 12, and 1 to 31.
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    /// To 60, of a leap second.
    package var second: Int

    /// nil when there is no such time.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
        guard day <= 28 || utcDay != nil else { return nil }
    }

    /// The time in UTC so many seconds after 1970 began; nil beyond the year 9999.
    package init?(utc seconds: Int) {
        var seconds = time_t(seconds)
        var fields = tm()
        guard gmtime_r(&seconds, &fields) != nil else { return nil }
        self.init(fields)
    }

    /// The same, as this machine's clock on the wall says it.
    package init?(local seconds: Int) {
        var seconds = time_t(seconds)
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil else { return nil }
        self.init(fields)
    }

    /// How far the clock on the wall is ahead of UTC at a time, `+01:00`; nil beyond the year 9999.
    package static func zone(at seconds: Int) -> String? {
        var seconds = time_t(seconds)
        var fields = tm()
        guard localtime_r(&seconds, &fields) != nil else { return nil }
        let minutes = abs(fields.tm_gmtoff) / 60
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return (fields.tm_gmtoff < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
    }

    private init?(_ fields: tm) {
        (year, month, day) = (
            Int(fields.tm_year) + 1900, Int(fields.tm_mon) + 1, Int(fields.tm_mday)
        )
        (hour, minute) = (Int(fields.tm_hour), Int(fields.tm_min))
        second = Int(fields.tm_sec)
        guard (1...9999).contains(year) else { return nil }
    }

    /// Seconds since 1970, this being UTC.
    package var secondsSinceEpochAsUTC: Int {
        var fields = fields
        return Int(timegm(&fields))
    }

    /// Seconds since 1970, this being what the clock on the wall says here.
    package var secondsSinceEpochAsLocal: Int {
        var fields = fields
        return Int(mktime(&fields))
    }

    /// `2026-11-25 18:30:00`
    package var text: String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(year)-\(two(month))-\(two(day)) \(two(hour)):\(two(minute)):\(two(second))"
    }

    private var fields: tm {
        var fields = tm()
        (fields.tm_year, fields.tm_mon) = (Int32(year) - 1900, Int32(month) - 1)
        (fields.tm_mday, fields.tm_hour) = (Int32(day), Int32(hour))
        (fields.tm_min, fields.tm_sec) = (Int32(minute), Int32(second))
        fields.tm_isdst = -1
        return fields
    }

    /// nil where the month has no such day: glibc takes the 31st of April for the 1st of May.
    private var utcDay: Int? {
        var fields = fields
        timegm(&fields)
        return Int(fields.tm_mon) + 1 == month ? day : nil
    }
}
