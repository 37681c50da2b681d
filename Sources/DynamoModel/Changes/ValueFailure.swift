/// Why a value can't be computed of an item. It names types and functions, and never what the item
/// holds.
package struct ValueFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    static func type(_ value: AttributeValue, of function: String, wants: String) -> ValueFailure {
        ValueFailure("\(function) takes \(wants), not \(value.typeInWords)")
    }

    /// No value may be larger than an item: memory has to hold what is computed on the way.
    static func checkSize(_ bytes: Int, of function: String) throws(ValueFailure) {
        guard bytes <= ServiceLimits.itemBytesMax else {
            throw ValueFailure("what \(function) comes to is larger than an item can be")
        }
    }

    static func number(_ refusal: DynamoNumber.Refusal, of function: String) -> ValueFailure {
        ValueFailure("what \(function) comes to \(words(refusal))")
    }

    static func words(_ refusal: DynamoNumber.Refusal) -> String {
        switch refusal {
        case .notANumber: "is no number"
        case .tooManyDigits: "has more than \(ServiceLimits.numberDigitsMax) digits"
        case .overflow: "is too large a number for DynamoDB"
        case .underflow: "is too close to zero for DynamoDB"
        }
    }
}

extension AttributeValue {
    /// `a text (S)`
    package var typeInWords: String {
        switch self {
        case .string: "a text (S)"
        case .number: "a number (N)"
        case .binary: "a binary (B)"
        case .bool: "a boolean (BOOL)"
        case .null: "a null (NULL)"
        case .stringSet: "a set of texts (SS)"
        case .numberSet: "a set of numbers (NS)"
        case .binarySet: "a set of binaries (BS)"
        case .list: "a list (L)"
        case .map: "a map (M)"
        }
    }
}
