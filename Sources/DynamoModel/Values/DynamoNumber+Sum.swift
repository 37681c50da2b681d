/// Exact sums, as SET and ADD compute them.
extension DynamoNumber {
    package var negated: DynamoNumber {
        DynamoNumber(isNegative: !isNegative, digits: digits, exponent: exponent)
    }

    /// The sum, which must be a number that the service takes: nothing is rounded.
    /// - Throws: ``Refusal`` when the sum is out of DynamoDB's range, or has more digits than it
    ///   keeps.
    package func adding(_ other: DynamoNumber) throws(Refusal) -> DynamoNumber {
        guard !digits.isEmpty else { return other }
        guard !other.digits.isEmpty else { return self }
        let low = min(exponent - digits.count, other.exponent - other.digits.count) + 1
        // One place more than the longer has, for what is carried.
        let high = max(exponent, other.exponent) + 1
        let (left, right) = (places(low...high), other.places(low...high))
        guard isNegative != other.isNegative else {
            return try DynamoNumber(
                isNegative: isNegative, places: Self.add(left, right), high: high)
        }
        let isSmaller = left.lexicographicallyPrecedes(right)
        return try DynamoNumber(
            isNegative: isSmaller ? other.isNegative : isNegative,
            places: isSmaller ? Self.subtract(left, from: right) : Self.subtract(right, from: left),
            high: high)
    }

    /// The digits at these powers of ten, the highest first.
    private func places(_ powers: ClosedRange<Int>) -> [UInt8] {
        powers.reversed().map { power in
            let index = exponent - power
            return digits.indices.contains(index) ? digits[index] : 0
        }
    }

    private static func add(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var (result, carry) = (left, UInt8(0))
        for place in left.indices.reversed() {
            let sum = left[place] + right[place] + carry
            (result[place], carry) = (sum % 10, sum / 10)
        }
        return result
    }

    private static func subtract(_ smaller: [UInt8], from larger: [UInt8]) -> [UInt8] {
        var (result, borrow) = (larger, UInt8(0))
        for place in larger.indices.reversed() {
            let wanted = smaller[place] + borrow
            borrow = larger[place] < wanted ? 1 : 0
            result[place] = larger[place] + 10 * borrow - wanted
        }
        return result
    }

    /// - Parameter high: the power of ten of the first place.
    init(isNegative: Bool, places: [UInt8], high: Int) throws(Refusal) {
        guard let first = places.firstIndex(where: { $0 != 0 }),
            let last = places.lastIndex(where: { $0 != 0 })
        else {
            self.init(isNegative: false, digits: [], exponent: 0)
            return
        }
        let exponent = high - first
        guard exponent <= ServiceLimits.numberExponents.upperBound else { throw .overflow }
        guard exponent >= ServiceLimits.numberExponents.lowerBound else { throw .underflow }
        let digits = Array(places[first...last])
        guard digits.count <= ServiceLimits.numberDigitsMax else { throw .tooManyDigits }
        self.init(isNegative: isNegative, digits: digits, exponent: exponent)
    }
}
