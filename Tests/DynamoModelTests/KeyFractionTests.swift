import JSON
import System
import Testing

@testable import DynamoModel

/// Goal: a fraction has about so many of all keys, the same ones in every table, and a smaller one
/// lies within a larger one.
@Suite struct KeyFractionTests {
    private func isIn(_ share: Double, _ value: JSON) throws -> Bool {
        let buffer = ByteBuffer()
        let item: JSON = ["pk": value]
        buffer.append(item.bytes)
        let start = UInt32(item.bytes.count - value.bytes.count - 1)
        let slice = ItemSlice(
            offset: 0, length: UInt32(item.bytes.count), size: 0, partitionKey: start)
        return try KeyFraction(share).wants(slice, in: buffer.bytes)
    }

    @Test(arguments: [0.01, 0.1, 0.5, 1])
    func `so many of all keys are in it, give or take what chance does`(share: Double) throws {
        let count = 20_000
        let found = try (0..<count).count { try isIn(share, ["S": .string("user-\($0)")]) }
        let expected = share * Double(count)
        #expect(abs(Double(found) - expected) <= 4 * (expected * (1 - share)).squareRoot())
    }

    @Test func `a number is in it where the text of it is`() throws {
        for number in 0..<500 {
            let text = try isIn(0.3, ["S": .string("\(number)")])
            #expect(try isIn(0.3, ["N": .string("\(number).0")]) == text)
            let isSmaller = try isIn(0.1, ["S": .string("\(number)")])
            #expect(!isSmaller || text)
        }
    }
}
