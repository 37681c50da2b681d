import JSON

/// A kind of change that leaves a reply valid JSON, and makes one of its fields absurd.
package enum Absurdity: String, CaseIterable, Sendable {
    case negative, zero, huge, fractional, overflowing, wrongType, null, empty
    /// The field is left out.
    case missing
    /// The field comes twice, once with its own value.
    case duplicate

    /// What comes in place of `value`, or beside it where the field comes twice. It means nothing
    /// where the field is left out.
    package func value(instead value: JSON) -> JSON {
        switch self {
        case .negative: .number("-1")
        case .zero: .number("0")
        case .huge: .number("9223372036854775807")
        case .fractional: .number("0.5")
        case .overflowing: .number("1e400")
        case .wrongType, .duplicate: value.string == nil ? "absurd" : 7
        case .empty:
            switch value {
            case .object: .object([])
            case .array: .array([])
            default: ""
            }
        case .null, .missing: .null
        }
    }
}
