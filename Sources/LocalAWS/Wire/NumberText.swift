import DynamoModel
import Glibc
import System

/// A number of a request, checked: what it counts for and how the service spells it.
struct NumberText {
    /// Bytes that the service counts.
    let storedSize: Int
    /// The service's spelling where it is another than the one given.
    let respelled: String?

    init(_ text: UnsafeRawBufferPointer) throws(ServiceError) {
        if let size = Self.plainSize(text) {
            storedSize = size
            respelled = nil
            return
        }
        do throws(DynamoNumber.Refusal) {
            let number = try DynamoNumber(text)
            if number.digits.isEmpty { try Self.checkExponent(ofZero: text) }
            storedSize = number.storedSize
            var spelling = number.text
            let isSame = spelling.withUTF8 {
                $0.count == text.count && memcmp($0.baseAddress!, text.baseAddress!, $0.count) == 0
            }
            respelled = isSame ? nil : spelling
        } catch {
            throw Self.refusal(error, text)
        }
    }

    /// The service refuses an exponent that is out of range, whatever it is the exponent of.
    private static func checkExponent(
        ofZero text: UnsafeRawBufferPointer
    ) throws(DynamoNumber.Refusal) {
        guard let mark = text.firstIndex(where: { $0 | 0x20 == 0x65 }) else { return }
        let exponent = String(decoding: text[(mark + 1)...], as: UTF8.self)
        guard CheckedNumber.int(exponent, in: ServiceLimits.numberExponents) == nil else { return }
        throw exponent.hasPrefix("-") ? .underflow : .overflow
    }

    /// Whether the text is in the service's spelling and short.
    static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool { plainSize(text) != nil }

    /// The stored size of a number of up to 38 digits that is in the service's spelling, as nearly
    /// all are; nil when a closer look is needed.
    private static func plainSize(_ text: UnsafeRawBufferPointer) -> Int? {
        let isNegative = text.first == 0x2D
        let start = isNegative ? 1 : 0
        guard text.count - start <= ServiceLimits.numberDigitsMax, text.count > start else {
            return nil
        }
        // Offsets of the first and the last digit that is not zero, and of the point.
        var (first, last, point) = (-1, -1, text.count)
        for offset in start..<text.count {
            let byte = text[offset]
            if byte == 0x2E, point == text.count, offset > start {
                point = offset
            } else {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                if byte != 0x30 {
                    if first < 0 { first = offset }
                    last = offset
                }
            }
        }
        guard first >= 0 else { return text.count == 1 ? 1 : nil }
        let hasLeadingZero = text[start] == 0x30 && point != start + 1
        let hasTrailingZero = point < text.count && last != text.count - 1
        guard !hasLeadingZero, !hasTrailingZero else { return nil }
        func power(_ offset: Int) -> Int { offset < point ? point - offset - 1 : point - offset }
        return 1 + (power(first) >> 1) - (power(last) >> 1) + 1 + (isNegative ? 1 : 0)
    }

    static func refusal(
        _ refusal: DynamoNumber.Refusal, _ text: UnsafeRawBufferPointer
    ) -> ServiceError {
        switch refusal {
        case .notANumber where text.isEmpty:
            .validation("The parameter cannot be converted to a numeric value")
        case .notANumber:
            .validation(
                "The parameter cannot be converted to a numeric value: "
                    + String(decoding: text, as: UTF8.self))
        case .tooManyDigits:
            .validation("Attempting to store more than 38 significant digits in a Number")
        case .overflow:
            .validation(
                "Number overflow. Attempting to store a number with magnitude larger than "
                    + "supported range")
        case .underflow:
            .validation(
                "Number underflow. Attempting to store a number with magnitude smaller than "
                    + "supported range")
        }
    }
}
