import JSON
import Testing

@testable import DynamoModel

/// Goal: values that are computed of an item are those that the guide's table of functions says,
/// and nothing is made of a wrong type, or rounded, by itself.
@Suite struct ValueExpressionTests {
    private static let key = SecretKey(Array("an example of a key".utf8))

    private static let item: JSON = [
        "id": ["S": "a1"], "n": ["N": "12.5"], "t": ["S": "  Straße \u{1F1E8}\u{1F1F3} "],
        "b": ["B": "AAEC"], "z": ["NULL": true], "yes": ["BOOL": true], "l": ["L": [["N": "1"]]],
        "m": ["M": ["x": ["S": "y"], "l": ["L": [["S": "p"], ["S": "q"]]]]],
        "path": ["S": "u#7#x"], "ss": ["SS": ["a", "b"]], "e\u{301}": ["S": "e\u{301}a"],
    ]

    private func value(_ text: String) throws -> AttributeValue? {
        let changes = try ItemChanges(
            set: "target = \(text)", remove: nil, ValueContext(now: 1_700_000_000, key: Self.key))
        return try changes.assignments[0].value.value(in: try Item(Self.item))
    }

    private static let values: [(text: String, value: JSON?)] = [
        ("'a' || id || 'b'", ["S": "aa1b"]),
        ("1 + 2 * 3 - 4 / 2", ["N": "5"]),
        ("(1 + 2) * 3", ["N": "9"]),
        ("10 - 2 - 3", ["N": "5"]),
        ("n * -2", ["N": "-25"]),
        ("1 / 3", ["N": "0.33333333333333333333333333333333333333"]),
        ("2 / 3", ["N": "0.66666666666666666666666666666666666667"]),
        ("to_string(n) || id", ["S": "12.5a1"]),
        ("b || b64'/w=='", ["B": "AAEC/w=="]),
        ("l || [2]", ["L": [["N": "1"], ["N": "2"]]]),
        ("lower(trim(t))", ["S": "straße \u{1F1E8}\u{1F1F3}"]),
        ("upper('straße')", ["S": "STRASSE"]),
        ("length(trim(t))", ["N": "8"]),
        ("size(ss)", ["N": "2"]),
        ("length(b)", ["N": "3"]),
        ("substring(trim(t), 8)", ["S": "\u{1F1E8}\u{1F1F3}"]),
        ("substring('abcdef', 2, 3)", ["S": "bcd"]),
        ("substring('abc', 9)", ["S": ""]),
        ("substring('abc', 1, 10000000000000000000000)", ["S": "abc"]),
        ("replace('aXbXX', 'X', '--')", ["S": "a--b----"]),
        ("split(path, '#')", ["L": [["S": "u"], ["S": "7"], ["S": "x"]]]),
        ("to_number(split(path, '#')[1]) + 1", ["N": "8"]),
        ("split(path, '#')[3]", nil),
        ("m.l[1]", ["S": "q"]),
        ("coalesce(nothing, z, id)", ["S": "a1"]),
        ("coalesce(nothing, z)", ["NULL": true]),
        ("coalesce(nothing)", nil),
        ("if(n > 12 AND begins_with(id, 'a'), 'big', 'small')", ["S": "big"]),
        ("if(lower(m.x) = 'z', 'yes', nothing)", nil),
        ("bucket(n, 5)", ["N": "10"]),
        ("bucket(0 - n, 5)", ["N": "-15"]),
        ("bucket(5, 1e60)", ["N": "0"]),
        ("bucket(-5, 1e60)", ["N": "-1E60"]),
        ("bucket(7.25, 0.1)", ["N": "7.2"]),
        ("now() + 60", ["N": "1700000060"]),
        ("mask('1234567', 4)", ["S": "****567"]),
        ("mask('12345678', 2)", ["S": "******78"]),
        ("mask(n, 1)", ["S": "***5"]),
        ("mask('\u{1F1E8}\u{1F1F3}ab', 9)", ["S": "**b"]),
        ("mask('', 2)", ["S": ""]),
        // Neither a failure: what is not there stays away, and NULL stays NULL.
        ("lower(nothing) || id", nil),
        ("n + nothing", nil),
        ("hash(nothing)", nil),
        ("hash(z)", ["NULL": true]),
        ("lower(z) || id", ["NULL": true]),
        ("\"e\u{301}\" || 'x'", ["S": "e\u{301}ax"]),
        // A mark that joins the quote before it is a part of what is quoted.
        ("'\u{301}a'", ["S": "\u{301}a"]),
        ("'''\u{301}' || '\u{301}'''", ["S": "'\u{301}\u{301}'"]),
        ("split('e\u{301}', '\u{301}')", ["L": [["S": "e"], ["S": ""]]]),
        ("{'\u{301}': 1}", ["M": ["\u{301}": ["N": "1"]]]),
        ("\"\u{301}x\"", nil),
    ]

    @Test func `values are computed as their functions say`() throws {
        for (text, expected) in Self.values {
            #expect(try value(text) == expected.map { try AttributeValue($0) }, "\(text)")
        }
    }

    private static let failures = [
        ("id + 1", "+ takes numbers, not a text (S)"),
        ("id || n", "|| takes a text (S) on both sides, not a number (N)"),
        ("n || id", "|| takes texts, binaries or lists, not a number (N)"),
        ("n / (n - 12.5)", "divides by zero"),
        ("n * 1e125", "is too large a number for DynamoDB"),
        ("n * 1e-130 * 0.01", "is too close to zero for DynamoDB"),
        ("n + 1e38", "has more than 38 digits"),
        ("n * 1.0000000000000000000000000000000000001", "has more than 38 digits"),
        ("bucket(n * 1e99, 3)", "has more than 38 digits"),
        ("lower(n)", "lower takes a text (S), not a number (N)"),
        ("to_number(id)", "to_number was given a text that is no number"),
        ("to_string(l)", "to_string takes a number, a boolean or a text, not a list (L)"),
        ("substring(id, n)", "substring takes a whole number from 1 on"),
        ("substring(id, n - 12.5)", "substring takes a whole number from 1 on"),
        ("hash(ss)", "hash takes a text, a number, a binary or a boolean"),
        ("hash(m)", "not a map (M)"),
        ("mask(yes, 1)", "mask takes a text or a number, not a boolean (BOOL)"),
        ("bucket(n, n - 12.5)", "bucket takes a width that is greater than 0"),
    ]

    @Test func `a wrong type is a failure that names types and no values`() throws {
        for (text, words) in Self.failures {
            let error = #expect(throws: ValueFailure.self, "\(text)") { try value(text) }
            #expect(error?.description.contains(words) == true, "\(text): \(error as Any)")
            #expect(error?.description.contains("a1") == false)
        }
    }

    @Test func `nothing computed is larger than an item may be`() throws {
        let doubling = "s || s || s || s || s || s || s || s || s || s"
        let changes = try ItemChanges(set: "a = \(doubling), b = replace(s, 'x', s)", remove: nil)
        let item = try Item(["s": ["S": .string(String(repeating: "x", count: 100_000))]])
        for assignment in changes.assignments {
            let error = #expect(throws: ValueFailure.self) {
                try assignment.value.value(in: item)
            }
            #expect(error?.description.contains("larger than an item") == true)
        }
    }

    /// The guide has the same, so that others can make them too.
    @Test func `hashes are HMAC-SHA-256 in base 32, whatever the type`() throws {
        // Made with Python's hmac and base64 modules.
        let expected = "UH6OGJDEKE2RJIYUE7B7NGKPA2UUHBV3J5574NXJI23NLJIX2D3Q"
        #expect(try value("hash('42', 52)") == .string(expected))
        #expect(try value("hash(42.0, 52)") == .string(expected))
        #expect(try value("hash(b64'NDI=', 52)") == .string(expected))
        #expect(try value("hash(42)") == .string(String(expected.prefix(26))))
        #expect(try value("hash('')") != nil)
        #expect(Self.key.fingerprint == "L2V5L62RJF5RQH5M")
    }

    @Test func `arithmetic with numbers of 38 digits is exact`() throws {
        let nines = String(repeating: "9", count: 38)
        #expect(
            try value("1234567890123456789 * 9876543210987654321")
                == .number(DynamoNumber("12193263113702179522374638011112635269")))
        #expect(try value("\(nines) / \(nines)") == .number(DynamoNumber(1)))
        #expect(
            try value("1 / \(nines)") == .number(DynamoNumber("1E-38")),
            "the next digit is 38 places further on")
        let half = "5" + String(repeating: "0", count: 37)
        #expect(try value("\(nines) / 2") == .number(DynamoNumber(half)), "half to even")
    }
}
