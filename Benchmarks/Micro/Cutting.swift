import DynamoModel

/// How fast pages are cut into items, in GB of reply a second.
enum Cutting {
    static func measure(_ page: SamplePage) throws -> Measurement {
        let cutter = PageCutter(schema: page.schema)
        let repetitions = max(1, 100_000_000 / page.body.count)
        var isSane = true
        let least = try ThreadCPU.least {
            try ThreadCPU.nanoseconds {
                for _ in 0..<repetitions {
                    let cut = try cutter.cut(page.body.bytes)
                    isSane = isSane && cut.items.count == page.itemCount
                }
            }
        }
        return Measurement(
            name: "cut a page of \(page.shape.rawValue)",
            value: Double(repetitions * page.body.count) / least, unit: "GB/s", isSane: isSane)
    }
}
