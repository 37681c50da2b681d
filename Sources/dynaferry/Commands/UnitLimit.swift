import Transfer

extension ValueKind where Value == UnitLimit {
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
