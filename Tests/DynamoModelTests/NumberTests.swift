import DynamoModel
import Pacing
import Testing

@Suite struct DynamoNumberTests {
    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("000", "0"), ("0e1000", "0"), ("00042", "42"), ("1.0", "1"),
        ("1.50", "1.5"), ("1.5E2", "150"), (".123", "0.123"), ("5.", "5"), ("+3", "3"),
        ("-7.10e-3", "-0.0071"), ("1e+5", "100000"), ("100", "100"), ("0.001", "0.001"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
    ])
    func `spellings of a value come to one text`(spelling: String, text: String) throws {
        #expect(try DynamoNumber(spelling).text == text)
        #expect(try DynamoNumber(text) == DynamoNumber(spelling))
    }

    @Test(arguments: [
        ("", DynamoNumber.Refusal.notANumber), ("-", .notANumber), (".", .notANumber),
        ("1 ", .notANumber), (" 1", .notANumber), ("1e", .notANumber), ("NaN", .notANumber),
        ("Infinity", .notANumber), ("1.2.3", .notANumber), ("1e5x", .notANumber),
        ("1e126", .overflow), ("1e-131", .underflow), ("9e99999999999999999999", .overflow),
        ("123456789012345678901234567890123456789", .tooManyDigits),
    ])
    func `what the service refuses is refused`(
        spelling: String, refusal: DynamoNumber.Refusal
    ) {
        #expect(throws: refusal) { try DynamoNumber(spelling) }
    }

    @Test func `zeros around the digits do not count as digits`() throws {
        let digits = "12345678901234567890123456789012345678"
        #expect(try DynamoNumber("000\(digits)000").text == "\(digits)000")
    }

    @Test func `order is by value`() throws {
        let ascending = [
            "-1e10", "-20", "-19.5", "-1e-5", "0", "1e-130", "0.5", "2", "10", "1e125",
        ]
        let numbers = try ascending.map { try DynamoNumber($0) }
        for (index, number) in numbers.enumerated() {
            for (other, compared) in numbers.enumerated() {
                #expect((number < compared) == (index < other))
            }
        }
    }

    /// By the guide's rule and dynalite's observations: 1, and 1 for each pair of digits.
    @Test(arguments: [
        ("0", 1), ("1", 2), ("-1", 3), ("10", 2), ("99", 2), ("100", 2), ("123", 3), ("0.1", 2),
        ("0.01", 2), ("0.001", 2), ("1.5", 3), ("12.34", 3), ("1e100", 2), ("1e101", 2),
        ("12345678901234567890123456789012345678", 20), ("-0.5", 3),
    ])
    func `stored sizes are the service's`(text: String, size: Int) throws {
        #expect(try DynamoNumber(text).storedSize == size)
    }

    @Test func `text reads back to the same number`() throws {
        var random = RandomItems(seed: 11)
        for _ in 0..<2_000 {
            let number = random.number()
            #expect(try DynamoNumber(number.text) == number)
        }
    }
}

@Suite struct Base64Tests {
    @Test func `what is encoded decodes to the same bytes`() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
            #expect(Base64.decode(Array(Base64.encode(bytes).utf8)) == bytes)
        }
        #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")  // RFC 4648, section 10
        #expect(Base64.encode(Array("fooba".utf8)) == "Zm9vYmE=")
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
    }

    @Test(arguments: ["A", "AB", "ABC", "A===", "AB=C", "AB==CD==", "AB!=", "====", "A=BC"])
    func `what is not well-formed is refused`(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}

@Suite struct TableDefinitionTests {
    @Test func `a definition survives the way through CreateTable's input`() throws {
        let definition = TableDefinition(
            name: "orders",
            attributes: [
                KeyAttribute(name: "pk", type: .string), KeyAttribute(name: "sk", type: .number),
                KeyAttribute(name: "day", type: .binary),
            ],
            keys: [
                KeyElement(attribute: "pk", role: .partition),
                KeyElement(attribute: "sk", role: .sort),
            ],
            globalIndexes: [
                IndexDefinition(
                    name: "by-day", keys: [KeyElement(attribute: "day", role: .partition)],
                    projection: .include(["a", "b"]),
                    throughput: Throughput(readUnits: 7, writeUnits: 9))
            ],
            localIndexes: [
                IndexDefinition(
                    name: "local",
                    keys: [
                        KeyElement(attribute: "pk", role: .partition),
                        KeyElement(attribute: "day", role: .sort),
                    ], projection: .keysOnly)
            ],
            billing: .provisioned(Throughput(readUnits: 5, writeUnits: 6)))
        #expect(
            try TableDefinition(definition.creationRequest).globalIndexes
                == definition.globalIndexes)
        #expect(try TableDefinition(definition.creationRequest).billing == definition.billing)
        #expect(definition.schema?.sort?.type == .number)
    }

    @Test func `an on-demand table's zero throughput is dropped`() throws {
        let definition = try TableDefinition([
            "TableName": "t", "BillingModeSummary": ["BillingMode": "PAY_PER_REQUEST"],
            "ProvisionedThroughput": ["ReadCapacityUnits": 0, "WriteCapacityUnits": 0],
            "AttributeDefinitions": [["AttributeName": "a", "AttributeType": "S"]],
            "KeySchema": [["AttributeName": "a", "KeyType": "HASH"]],
        ])
        #expect(definition.billing == .onDemand(Throughput()))
        #expect(definition.creationRequest["ProvisionedThroughput"] == nil)
        #expect(definition.creationRequest["BillingMode"]?.string == "PAY_PER_REQUEST")
    }
}
