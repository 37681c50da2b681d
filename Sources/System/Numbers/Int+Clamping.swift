// Swift's own conversions of a floating-point number end the process when it does not fit. Those
// that are declared here stand before them wherever this module is imported, and the compiler warns
// of each use: `scripts/test.sh` builds with warnings as errors.

extension Int {
    /// The whole part, or the nearest `Int`; 0 for what is no number.
    package init(clamping value: Double) { self = value.clamped() }

    @available(*, deprecated, message: "it traps: Int(clamping:) or Int(exactly:) does not")
    package init(_ value: Double) { self = value.clamped() }
}

extension Int64 {
    /// The whole part, or the nearest `Int64`; 0 for what is no number.
    package init(clamping value: Double) { self = value.clamped() }

    @available(*, deprecated, message: "it traps: Int64(clamping:) or Int64(exactly:) does not")
    package init(_ value: Double) { self = value.clamped() }
}

extension Int32 {
    /// The whole part, or the nearest `Int32`; 0 for what is no number.
    package init(clamping value: Double) { self = value.clamped() }

    @available(*, deprecated, message: "it traps: Int32(clamping:) or Int32(exactly:) does not")
    package init(_ value: Double) { self = value.clamped() }
}

extension UInt64 {
    /// The whole part, or the nearest `UInt64`; 0 for what is no number.
    package init(clamping value: Double) { self = value.clamped() }

    @available(*, deprecated, message: "it traps: UInt64(clamping:) or UInt64(exactly:) does not")
    package init(_ value: Double) { self = value.clamped() }
}

extension Double {
    fileprivate func clamped<Whole: FixedWidthInteger>() -> Whole {
        if isNaN { return 0 }
        return Whole(exactly: rounded(.towardZero)) ?? (self < 0 ? .min : .max)
    }
}
