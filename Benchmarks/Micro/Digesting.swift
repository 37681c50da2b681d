import Connectors
import DynamoModel
import Transfer

/// What the digest of an item takes, beyond cutting it out, in nanoseconds.
enum Digesting {
    static func measure(_ page: SamplePage) throws -> Measurement {
        let digester = ItemDigester(schema: page.schema, key: DigestKey(bytes: Array(0..<16)))
        let repetitions = max(1, 100_000 / page.itemCount)
        var sums: Set<UInt128> = []
        let least = try ThreadCPU.least {
            try ThreadCPU.nanoseconds {
                for _ in 0..<repetitions {
                    var sum: UInt128 = 0
                    for slice in page.cut.items {
                        sum &+= try digester.digest(slice, in: page.body.bytes).item
                    }
                    sums.insert(sum)
                }
            }
        }
        return Measurement(
            name: "digest an item of \(page.shape.rawValue)",
            value: least / Double(repetitions * page.itemCount), unit: "ns", isSane: sums.count == 1
        )
    }
}
