import System

/// An exact decimal number as DynamoDB has them: up to 38 significant digits and a power of ten.
///
/// Never goes through `Double`. Two spellings of one value (`1.50`, `15E-1`) are equal.
package struct DynamoNumber: Hashable, Sendable {
    /// Why a text is not a number that the service takes.
    package enum Refusal: Error, Equatable, Sendable {
        case notANumber
        case tooManyDigits
        case overflow
        case underflow
    }

    /// Negative; never true of zero.
    package let isNegative: Bool
    /// Significant digits 0...9, the first and the last not zero; empty for zero.
    package let digits: [UInt8]
    /// Power of ten of the first digit; 0 for zero. The value is d.ddd × 10^exponent.
    package let exponent: Int

    /// Reads the spellings that the service accepts: a sign, digits with at most one point among
    /// them or around them, and an exponent.
    /// - Throws: ``Refusal`` for what DynamoDB takes for no number, or keeps none of.
    package init(_ text: UnsafeRawBufferPointer) throws(Refusal) {
        let shape = try NumberShape(text)
        guard shape.isNonzero else {
            isNegative = false
            digits = []
            exponent = 0
            return
        }
        try shape.checkRange()
        var digits: [UInt8] = []
        for offset in shape.firstDigit...shape.lastDigit where text[offset] != 0x2E {
            digits.append(text[offset] - 0x30)
        }
        self.digits = digits
        isNegative = shape.isNegative
        exponent = shape.firstExponent
    }

    /// - Throws: ``Refusal`` for what DynamoDB takes for no number, or keeps none of.
    package init(_ text: String) throws(Refusal) {
        self = try Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(Refusal) in try DynamoNumber(bytes) }
        }.get()
    }

    /// - Parameter digits: neither the first nor the last of them zero; none for zero.
    package init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        self.isNegative = isNegative && !digits.isEmpty
        self.digits = digits
        self.exponent = exponent
    }

    /// A whole number, as of elements or bytes.
    package init(_ whole: Int) {
        var rest = whole.magnitude
        var digits: [UInt8] = []
        var places = 0
        while rest > 0 {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            if digit != 0 || !digits.isEmpty { digits.append(UInt8(digit)) }
            (rest, places) = (quotient, places + 1)
        }
        self.digits = digits.reversed()
        isNegative = whole < 0
        exponent = max(0, places - 1)
    }

    /// Bytes that the service counts for this number (see ``NumberShape/storedSize``).
    package var storedSize: Int {
        NumberShape.storedSize(
            first: exponent, last: exponent - digits.count + 1, isNegative: isNegative,
            isNonzero: !digits.isEmpty)
    }

    /// The value as the service spells it: plain digits, without exponent, leading zeros, or zeros
    /// behind the point.
    package var text: String {
        guard !digits.isEmpty else { return "0" }
        var output: [UInt8] = isNegative ? [0x2D] : []
        if exponent < 0 {
            output += [0x30, 0x2E]
            output += [UInt8](repeating: 0x30, count: -exponent - 1)
        }
        for (index, digit) in digits.enumerated() {
            if index > 0, index == exponent + 1 { output.append(0x2E) }
            output.append(digit + 0x30)
        }
        if exponent >= digits.count {
            output += [UInt8](repeating: 0x30, count: exponent + 1 - digits.count)
        }
        return String(decoding: output, as: UTF8.self)
    }
}

extension DynamoNumber: Comparable {
    /// By value.
    package static func < (left: DynamoNumber, right: DynamoNumber) -> Bool {
        let (leftSign, rightSign) = (left.sign, right.sign)
        guard leftSign == rightSign else { return leftSign < rightSign }
        let smaller = left.magnitudeIsSmaller(than: right)
        return leftSign < 0 ? left != right && !smaller : smaller
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

    private func magnitudeIsSmaller(than other: DynamoNumber) -> Bool {
        guard exponent == other.exponent else { return exponent < other.exponent }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}

/// Where the significant digits of a number's text lie and what they are worth, found in one pass
/// without allocating: all that size and range need.
package struct NumberShape {
    package private(set) var isNegative = false
    package private(set) var isNonzero = false
    /// Offsets in the text of the first and the last digit that are not zero.
    package private(set) var firstDigit = 0
    package private(set) var lastDigit = 0
    /// Powers of ten of those two digits.
    package private(set) var firstExponent = 0
    package private(set) var lastExponent = 0

    /// - Throws: for what is no number; its range is not looked at.
    package init(_ text: UnsafeRawBufferPointer) throws(DynamoNumber.Refusal) {
        var offset = 0
        if let sign = text.first, sign == 0x2D || sign == 0x2B {
            isNegative = sign == 0x2D
            offset = 1
        }
        var digitsSeen = 0
        var point: Int?
        // Digits before the point are counted from the left here; their powers follow once it is
        // known where the point stands.
        var firstIndex = 0
        var lastIndex = 0
        while offset < text.count {
            let byte = text[offset]
            if byte >= 0x30, byte <= 0x39 {
                if byte != 0x30 {
                    if !isNonzero {
                        (isNonzero, firstDigit, firstIndex) = (true, offset, digitsSeen)
                    }
                    (lastDigit, lastIndex) = (offset, digitsSeen)
                }
                digitsSeen += 1
            } else if byte == 0x2E, point == nil {
                point = digitsSeen
            } else {
                break
            }
            offset += 1
        }
        guard digitsSeen > 0 else { throw .notANumber }
        let exponent = try Self.readExponent(text, from: offset)
        let units = (point ?? digitsSeen) - 1
        firstExponent = units - firstIndex + exponent
        lastExponent = units - lastIndex + exponent
        if !isNonzero { isNegative = false }
    }

    /// The value of `e+12` at `offset`; 0 when the text ends there.
    private static func readExponent(
        _ text: UnsafeRawBufferPointer, from start: Int
    ) throws(DynamoNumber.Refusal) -> Int {
        guard start < text.count else { return 0 }
        guard text[start] == 0x65 || text[start] == 0x45 else { throw .notANumber }
        var offset = start + 1
        var negative = false
        if offset < text.count, text[offset] == 0x2D || text[offset] == 0x2B {
            negative = text[offset] == 0x2D
            offset += 1
        }
        guard offset < text.count else { throw .notANumber }
        var value = 0
        while offset < text.count {
            let byte = text[offset]
            guard byte >= 0x30, byte <= 0x39 else { throw .notANumber }
            // Far beyond any legal exponent already: saturate, so that it can't overflow.
            value = min(value * 10 + Int(byte - 0x30), 1_000_000)
            offset += 1
        }
        return negative ? -value : value
    }

    /// - Throws: when DynamoDB keeps no such number.
    package func checkRange() throws(DynamoNumber.Refusal) {
        guard isNonzero else { return }
        guard firstExponent <= ServiceLimits.numberExponents.upperBound else { throw .overflow }
        guard firstExponent >= ServiceLimits.numberExponents.lowerBound else { throw .underflow }
        let digits = firstExponent - lastExponent + 1
        guard digits <= ServiceLimits.numberDigitsMax else { throw .tooManyDigits }
    }

    /// Whether `text`, which has this shape, and `otherText`, which has the other, are one number.
    package func isSameValue(
        of text: UnsafeRawBufferPointer, _ other: NumberShape, of otherText: UnsafeRawBufferPointer
    ) -> Bool {
        guard
            (isNonzero, isNegative, firstExponent, lastExponent)
                == (other.isNonzero, other.isNegative, other.firstExponent, other.lastExponent)
        else { return false }
        guard isNonzero else { return true }
        // Powers are the same, so both have as many digits to come.
        var (place, otherPlace) = (firstDigit, other.firstDigit)
        while place <= lastDigit {
            if text[place] == 0x2E { place += 1 }
            if otherText[otherPlace] == 0x2E { otherPlace += 1 }
            guard text[place] == otherText[otherPlace] else { return false }
            place += 1
            otherPlace += 1
        }
        return true
    }

    /// Bytes that the service counts: 1 for zero; else 1, and 1 for each digit to base 100 with the
    /// point between two of them, and 1 when negative (observations of dynalite's authors; the
    /// guide says "about one byte per two significant digits, plus one").
    package var storedSize: Int {
        Self.storedSize(
            first: firstExponent, last: lastExponent, isNegative: isNegative, isNonzero: isNonzero)
    }

    @inline(__always)
    static func storedSize(first: Int, last: Int, isNegative: Bool, isNonzero: Bool) -> Int {
        guard isNonzero else { return 1 }
        // An arithmetic shift rounds towards minus infinity, as the alignment of the pairs does.
        return 1 + (first >> 1) - (last >> 1) + 1 + (isNegative ? 1 : 0)
    }
}
