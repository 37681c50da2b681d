import CommandLine
import Status
import Transfer

extension ValueKind where Value == Double {
    /// Units a second that are not a share of anything.
    package static var totalUnits: Self {
        ValueKind(
            name: "N", expected: "units a second, at least 1",
            parse: { text in
                decimalNumber(text).flatMap { (1...1e9).contains($0) ? $0 : nil }
            },
            show: { $0.short },
            advice: { text in
                text.hasSuffix("%") ? "all tables together have nothing to take a share of" : nil
            })
    }
}

extension ValueKind where Value == RateSpec {
    package static var units: Self {
        ValueKind(
            name: "N|N%", expected: "units a second, at least 1, or a percentage up to 100%",
            parse: { text in
                guard text.hasSuffix("%") else {
                    return decimalNumber(text).flatMap {
                        (1...1e9).contains($0) ? .perSecond($0) : nil
                    }
                }
                return decimalNumber(String(text.dropLast())).flatMap {
                    $0 > 0 && $0 <= 100 ? .percent($0) : nil
                }
            },
            show: { limit in
                switch limit {
                case .perSecond(let units): "\(units)"
                case .percent(let share): "\(share)%"
                }
            })
    }
}
