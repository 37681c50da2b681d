/// Products and quotients, as expressions that change items compute them. A significand of 38
/// digits fits in 127 bits.
extension DynamoNumber {
    /// The product, which must be a number that the service takes: nothing is rounded.
    /// - Throws: ``Refusal`` when it is out of DynamoDB's range, or has more digits than it keeps.
    package func multiplied(by other: DynamoNumber) throws(Refusal) -> DynamoNumber {
        guard !digits.isEmpty, !other.digits.isEmpty else { return DynamoNumber(0) }
        let product = significand.multipliedFullWidth(by: other.significand)
        // Both are less than 10^38, so that the product is less than its square.
        let (high, low) = Self.ten38.dividingFullWidth(product)
        return try DynamoNumber(
            isNegative: isNegative != other.isNegative,
            digits: Self.digits(of: high, count: 38) + Self.digits(of: low, count: 38),
            last: lastExponent + other.lastExponent)
    }

    /// The quotient, rounded to 38 digits, half to even.
    /// - Parameter divisor: not zero.
    /// - Throws: ``Refusal`` when it is out of DynamoDB's range.
    package func divided(by divisor: DynamoNumber) throws(Refusal) -> DynamoNumber {
        precondition(!divisor.digits.isEmpty, "a division by zero")
        guard !digits.isEmpty else { return self }
        // Both with 38 digits, their quotient lies between 1/10 and 10.
        let (left, right) = (fullSignificand, divisor.fullSignificand)
        let scale = left < right ? 38 : 37
        var (quotient, rest) = right.dividingFullWidth(
            left.multipliedFullWidth(by: Self.powersOfTen[scale]))
        if 2 * rest > right || (2 * rest == right && quotient & 1 == 1) { quotient += 1 }
        let places = Self.digits(of: quotient, count: 39)
        return try DynamoNumber(
            isNegative: isNegative != divisor.isNegative, digits: places,
            last: exponent - divisor.exponent - scale)
    }

    /// The greatest multiple of `width` that is not greater.
    /// - Parameter width: greater than zero.
    /// - Throws: ``Refusal`` when that has more digits than DynamoDB keeps.
    package func rounded(downToMultipleOf width: DynamoNumber) throws(Refusal) -> DynamoNumber {
        precondition(!width.digits.isEmpty && !width.isNegative, "no width")
        guard !digits.isEmpty else { return self }
        let last = min(lastExponent, width.lastExponent)
        guard let step = width.significand(from: last) else {
            // The width is far greater.
            return isNegative ? width.negated : DynamoNumber(0)
        }
        var rest = Self.remainder(significand, times10To: lastExponent - last, by: step)
        if isNegative, rest > 0 { rest = step - rest }
        let over = try DynamoNumber(
            isNegative: false, digits: Self.digits(of: rest, count: 39), last: last)
        return try adding(over.negated)
    }

    // MARK: Significands

    private static let powersOfTen: [UInt128] = (0...38).map { count in
        (0..<count).reduce(1) { power, _ in power * 10 }
    }

    private static var ten38: UInt128 { powersOfTen[38] }

    /// Power of ten of the last digit.
    private var lastExponent: Int { exponent - digits.count + 1 }

    private var significand: UInt128 { digits.reduce(0) { $0 * 10 + UInt128($1) } }

    /// Of 38 digits, the last of them zeros.
    private var fullSignificand: UInt128 {
        significand * Self.powersOfTen[max(0, 38 - digits.count)]
    }

    /// The significand in units of a smaller power of ten; nil when it has more than 38 digits so.
    private func significand(from last: Int) -> UInt128? {
        let more = lastExponent - last
        return digits.count + more <= 38 ? significand * Self.powersOfTen[more] : nil
    }

    private static func remainder(
        _ value: UInt128, times10To power: Int, by divisor: UInt128
    ) -> UInt128 {
        var (rest, power) = (value % divisor, power)
        while power > 0, rest > 0 {
            let step = min(power, 38)
            let factor = powersOfTen[step] % divisor
            rest = divisor.dividingFullWidth(rest.multipliedFullWidth(by: factor)).remainder
            power -= step
        }
        return rest
    }

    private static func digits(of value: UInt128, count: Int) -> [UInt8] {
        var (digits, rest) = ([UInt8](repeating: 0, count: count), value)
        for place in digits.indices.reversed() where rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            (rest, digits[place]) = (quotient, UInt8(digit))
        }
        return digits
    }

    /// - Parameter last: the power of ten of the last of the digits.
    private init(isNegative: Bool, digits: [UInt8], last: Int) throws(Refusal) {
        try self.init(isNegative: isNegative, places: digits, high: last + digits.count - 1)
    }
}
