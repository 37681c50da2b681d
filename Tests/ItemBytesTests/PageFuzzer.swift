import Foundation
import ItemBytes
import JSON
import Pacing
import Testing

/// How many damaged pages a run looks at: a bounded number, or what DYNAFERRY_FUZZ_ROUNDS says.
enum FuzzRounds {
    static var count: Int {
        ProcessInfo.processInfo.environment["DYNAFERRY_FUZZ_ROUNDS"].flatMap(Int.init) ?? 3_000
    }
}

/// One damaged page, by seed.
struct PageFuzzer {
    let seed: UInt64

    func run() throws {
        var random = RandomItems(seed: seed % 97)
        let items = (0..<3).map { random.item(index: $0) }
        var bytes = random.page(items, lastKey: true)
        var generator = SeededGenerator(seed: seed)
        for _ in 0...Int.random(in: 0...3, using: &generator) { damage(&bytes, &generator) }
        guard let page = try? cut(bytes) else { return }
        for slice in page.items {
            try #require(slice.range.upperBound <= bytes.count, "seed \(seed)")
            let json = try JSON(parsing: Array(bytes[slice.range]))
            #expect(json.members != nil, "seed \(seed)")
            _ = try bytes.withUnsafeBytes { try slice.key(in: $0, schema: .test) }
        }
    }

    private func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        let stretch = at..<min(bytes.count, at + Int.random(in: 1...40, using: &generator))
        switch Int.random(in: 0...4, using: &generator) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[at] = Array("{}[]\",:\\u0".utf8).randomElement(using: &generator)!
        case 2: bytes.removeSubrange(stretch)
        case 3: bytes.insert(contentsOf: bytes[stretch], at: at)
        default: bytes.removeLast(bytes.count - at)
        }
    }
}
