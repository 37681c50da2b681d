import DynamoModel
import Pacing
import System

/// What the generated items look like.
package enum ItemShape: String, CaseIterable, Sendable {
    /// Items of about 400 bytes that use every type: see ``ItemGenerator``.
    case transactions
    /// Items of exactly this size as the service counts it.
    case bytes100 = "100B"
    case kilobyte1 = "1KB"
    case kilobytes4 = "4KB"
    case kilobytes400 = "400KB"
    /// Transactions that all have one partition key.
    case collection
    /// Lists of empty strings: nine bytes of JSON to a stored byte.
    case dense
    /// Ninety-five one-letter attributes with empty strings: thirteen bytes of JSON to one.
    case letters
}

/// Makes items by shape, seed and index: the same arguments give the same bytes, and indexes differ
/// in their keys.
package enum ItemGenerator {
    /// One item in DynamoDB JSON.
    package static func item(_ shape: ItemShape, seed: UInt64, index: Int) -> [UInt8] {
        var output = ByteStorage(capacity: 2048)
        write(shape, seed: seed, index: index, to: &output)
        return Array(output.bytes)
    }

    /// Appends one item in DynamoDB JSON.
    static func write(
        _ shape: ItemShape, seed: UInt64, index: Int, to output: inout ByteStorage
    ) {
        precondition(index >= 0, "the index of an item must not be negative, not \(index)")
        var generator = SeededGenerator(seed: seed ^ UInt64(index) &* 0xD134_2543_DE82_EF95)
        switch shape {
        case .transactions:
            var transaction = TransactionItem(generator, index: index)
            transaction.write(account: nil, to: &output)
        case .collection:
            var transaction = TransactionItem(generator, index: index)
            transaction.write(account: "acct-collection", to: &output)
        case .bytes100: writeSized(100, index, &generator, to: &output)
        case .kilobyte1: writeSized(1024, index, &generator, to: &output)
        case .kilobytes4: writeSized(4096, index, &generator, to: &output)
        case .kilobytes400:
            writeSized(ServiceLimits.itemBytesMax, index, &generator, to: &output)
        case .dense: writeDense(index, to: &output)
        case .letters: writeLetters(index, to: &output)
        }
    }

    /// `"pk":{"S":"item-0000000042"}`: 17 stored bytes.
    private static func writeKey(_ index: Int, to output: inout ByteStorage) {
        output.append("{\"pk\":{\"S\":\"item-")
        output.append(padded: index, digits: 10)
        output.append("\"}")
    }

    private static let keyBytes = 2 + 15

    /// An item of exactly `size` stored bytes: its key, and text for the rest.
    private static func writeSized(
        _ size: Int, _ index: Int, _ generator: inout SeededGenerator, to output: inout ByteStorage
    ) {
        writeKey(index, to: &output)
        output.append(",\"data\":{\"S\":\"")
        let letters: StaticString =
            "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,-0123456789"
        var left = size - keyBytes - 4
        output.reserve(left)
        while left > 0 {
            var bits = generator.next()
            for _ in 0..<min(10, left) {
                output.append(letters.utf8Start[Int(bits & 63)])
                bits >>= 6
            }
            left -= 10
        }
        output.append("\"}}")
    }

    private static let denseElements = 4000

    private static func writeDense(_ index: Int, to output: inout ByteStorage) {
        writeKey(index, to: &output)
        output.append(",\"l\":{\"L\":[")
        for place in 0..<denseElements {
            output.append(place == 0 ? "{\"S\":\"\"}" : ",{\"S\":\"\"}")
        }
        output.append("]}}")
    }

    /// Names are the printable characters of ASCII; two of them need an escape.
    private static func writeLetters(_ index: Int, to output: inout ByteStorage) {
        writeKey(index, to: &output)
        for letter in UInt8(0x20)...0x7E {
            output.append(",\"")
            if letter == 0x22 || letter == 0x5C { output.append(0x5C) }
            output.append(letter)
            output.append("\":{\"S\":\"\"}")
        }
        output.append(0x7D)
    }
}

extension ByteStorage {
    /// A number with leading zeros.
    mutating func append(padded number: Int, digits: Int) {
        reserve(digits)
        var left = number
        for place in stride(from: digits - 1, through: 0, by: -1) {
            base[count + place] = UInt8(left % 10) + 0x30
            left /= 10
        }
        commit(digits)
    }
}
