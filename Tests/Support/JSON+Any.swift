import JSON

extension JSON {
    /// Of whatever range: tests know what to expect.
    package var int: Int? { int(in: .min ... .max) }
    package var double: Double? {
        double(in: -.greatestFiniteMagnitude ... .greatestFiniteMagnitude)
    }
}
