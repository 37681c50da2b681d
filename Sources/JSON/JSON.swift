import System

/// A JSON document as a tree (RFC 8259), for control-plane requests, reports and errors.
///
/// Items never pass through this type on their way from source to target: their bytes are cut and
/// spliced as they came. Numbers keep the text that they were written with, since DynamoDB's
/// exceed what `Double` can hold. Members keep their order, so that output is stable.
package enum JSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One name and its value in an object.
    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }

        /// By bytes: `==` takes names for one that Unicode spells in two ways, and DynamoDB does
        /// not (Unicode Standard Annex 15).
        fileprivate func isNamed(_ name: String) -> Bool {
            self.name.utf8.elementsEqual(name.utf8)
        }
    }

    /// The value of the last member called `name`, by its bytes; nil when there is none or this is
    /// no object. Setting replaces it in place, appends it, or (with nil) removes it. Linear in the
    /// members.
    package subscript(name: String) -> JSON? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.last { $0.isNamed(name) }?.value
        }
        set {
            guard case .object(var members) = self else {
                preconditionFailure("no member can be set on a JSON value that is not an object")
            }
            let index = members.lastIndex { $0.isNamed(name) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): break
            }
            self = .object(members)
        }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// A whole number, in any spelling (`4`, `4.0`, `4e0`), of this range; nil when it is not.
    package func int(in range: ClosedRange<Int>) -> Int? {
        if case .number(let text) = self { CheckedNumber.int(text, in: range) } else { nil }
    }

    /// A number of this range; nil when it is not.
    package func double(in range: ClosedRange<Double>) -> Double? {
        if case .number(let text) = self { CheckedNumber.double(text, in: range) } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map(Member.init))
    }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
    package init(floatLiteral value: Double) { self = .init(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }

    package init(_ value: Int) { self = .number(String(value)) }

    /// A finite number, without a needless `.0`; else null, since JSON has no word for it.
    package init(_ value: Double) {
        guard value.isFinite else {
            self = .null
            return
        }
        let whole = value == value.rounded() && abs(value) < 0x1p53
        self = .number(whole ? String(Int(clamping: value)) : String(value))
    }
}
