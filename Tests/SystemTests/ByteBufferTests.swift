import Pacing
import Testing

@testable import System

@Suite struct ByteBufferTests {
    private func check(_ buffer: ByteBuffer, _ expected: [UInt8], _ seed: UInt64) {
        #expect(Array(buffer.bytes) == expected, "seed \(seed)")
        let padded = UnsafeRawBufferPointer(
            start: buffer.bytes.baseAddress, count: expected.count + ByteBuffer.paddingBytes)
        #expect(padded.dropFirst(expected.count).allSatisfy { $0 == 0 }, "seed \(seed)")
        #expect(buffer.capacity >= buffer.count, "seed \(seed)")
    }

    @Test func `bytes and padding survive any order of changes`() {
        for seed in UInt64(1)...200 {
            var generator = SeededGenerator(seed: seed)
            let buffer = ByteBuffer(capacity: Int.random(in: 0...100, using: &generator))
            var expected: [UInt8] = []
            for _ in 0..<40 {
                let length = Int.random(in: 0...500, using: &generator)
                let bytes = (0..<length).map { _ in UInt8.random(in: 1...255, using: &generator) }
                switch Int.random(in: 0..<8, using: &generator) {
                case 0:
                    buffer.removeAll()
                    expected = []
                case 1:
                    let count = Int.random(in: 0...expected.count, using: &generator)
                    buffer.truncate(to: count)
                    expected = Array(expected.prefix(count))
                case 2: buffer.reserve(length * 3)
                case 3:
                    buffer.release()
                    expected = []
                    #expect(buffer.capacity == 0)
                case 4:
                    buffer.append(0x41)
                    expected.append(0x41)
                case 5:
                    buffer.append(room: length + 7) { room in
                        room.copyBytes(from: bytes)
                        return length
                    }
                    expected += bytes
                case 6:
                    buffer.append("static")
                    expected += "static".utf8
                default:
                    buffer.append(bytes)
                    expected += bytes
                }
                check(buffer, expected, seed)
            }
        }
    }
}
