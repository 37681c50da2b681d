import DynamoModel

/// A number of a request, checked: what it counts for and how the service spells it.
struct NumberText {
    /// Bytes that the service counts.
    let storedSize: Int
    /// The service's spelling where it is another than the one given.
    let respelled: String?

    init(_ text: UnsafeRawBufferPointer) throws(ServiceError) {
        do throws(DynamoNumber.Refusal) {
            let shape = try NumberShape(text)
            try shape.checkRange()
            storedSize = shape.storedSize
            let isCanonical = Self.isCanonical(text, isNonzero: shape.isNonzero)
            respelled = isCanonical ? nil : try DynamoNumber(text).text
        } catch {
            throw Self.refusal(error, text)
        }
    }

    /// Whether the text has no sign of plus, leading zeros, zeros behind the point, or exponent.
    private static func isCanonical(_ text: UnsafeRawBufferPointer, isNonzero: Bool) -> Bool {
        guard isNonzero else { return text.count == 1 }
        var offset = text[0] == 0x2D ? 1 : 0
        guard offset < text.count, isDigit(text[offset]) else { return false }
        if text[offset] == 0x30, offset + 1 < text.count, text[offset + 1] != 0x2E { return false }
        while offset < text.count, isDigit(text[offset]) { offset += 1 }
        if offset == text.count { return true }
        guard text[offset] == 0x2E, offset + 1 < text.count else { return false }
        offset += 1
        while offset < text.count, isDigit(text[offset]) { offset += 1 }
        return offset == text.count && text[offset - 1] != 0x30
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

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
