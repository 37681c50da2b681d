import DynamoModel
import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// What exports hold, against a model that knows every state of the table.
@Suite(.timeLimit(.minutes(20))) struct ExportWindowTests {
    /// One change: the second in which it was made, and all items from then on.
    private struct Step {
        let second: Int
        let items: [Int: JSON]
    }

    private struct History {
        var steps: [Step]
        private let start: Int

        init(_ start: Int, _ items: [Int: JSON]) {
            self.start = start
            steps = [Step(second: start, items: items)]
        }

        var items: [Int: JSON] { steps.last?.items ?? [:] }

        /// Just before a second.
        func items(before second: Int) -> [Int: JSON] {
            steps.last { $0.second < second || $0.second == start }?.items ?? [:]
        }

        /// Keys and images of the changes in a window, each as the texts of old and new.
        func changes(from start: Int, to end: Int) -> Set<[String]> {
            var touched: Set<Int> = []
            for (before, after) in zip(steps, steps.dropFirst())
            where (start..<end).contains(after.second) {
                let keys = Set(before.items.keys).union(after.items.keys)
                touched.formUnion(keys.filter { before.items[$0] != after.items[$0] })
            }
            let (old, new) = (items(before: start), items(before: end))
            return Set(
                touched.filter { old[$0] != nil || new[$0] != nil }.map { key in
                    ["\(key)", old[key]?.text ?? "", new[key]?.text ?? ""]
                })
        }
    }

    /// Goal: a full export holds what the table held at its time, an incremental one the net
    /// changes of its window.
    /// Method: random puts and deletes of few keys, a second or none apart, then exports of random
    /// times and windows while the table goes on changing.
    @Test(arguments: 1...12)
    func `exports hold what the table held, and what changed in a window`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func draw(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
        func item(_ key: Int, _ value: Int) -> JSON {
            [
                "pk": ["S": .string("p\(key)")], "sk": ["N": .string("\(key)")],
                "v": ["S": .string("\(value)")],
            ]
        }
        var items: [Int: JSON] = [:]
        for key in 0..<draw(0...6) { items[key] = item(key, -1) }
        try ExportSite.with(items: Array(items.values)) { site in
            let start = site.now
            site.time.advance(by: .seconds(1))
            var history = History(start, items)
            func change(_ number: Int) throws {
                var items = history.items
                let key = draw(0...11)
                if items[key] != nil, draw(0...2) == 0 {
                    items[key] = nil
                    try site.delete("p\(key)", key)
                } else {
                    items[key] = item(key, number)
                    try site.put(item(key, number))
                }
                history.steps.append(Step(second: site.now, items: items))
                site.time.advance(by: .seconds(draw(0...60)))
            }
            for number in 0..<100 { try change(number) }
            site.time.advance(by: .seconds(300))
            for number in 100..<110 {
                try check(site, history, start, &generator)
                try change(number)
            }
        }
    }

    private func check(
        _ site: ExportSite, _ history: History, _ start: Int,
        _ generator: inout SeededGenerator
    ) throws {
        let time = Int.random(in: start...(site.now - 300), using: &generator)
        let latest = site.now
        let from = Int.random(in: start...(latest - 900), using: &generator)
        let end = Int.random(in: (from + 900)...latest, using: &generator)
        let full = try site.arn(of: site.export(["ExportTime": JSON(time)]))
        let window = try site.arn(of: site.export(ExportSite.window(from, end)))
        site.time.advance(by: .seconds(60))
        #expect(
            try site.lines(site.describe(full))
                == history.items(before: time).values.map { "{\"Item\":\($0.text)}" }.sorted())
        let lines = try site.lines(site.describe(window)).map { try JSON(parsing: $0) }
        let found = lines.map { line in
            [
                line["Keys"]?["sk"]?["N"]?.string ?? "", line["OldImage"]?.text ?? "",
                line["NewImage"]?.text ?? "",
            ]
        }
        #expect(found.count == Set(found).count)
        #expect(Set(found) == history.changes(from: from, to: end))
    }

    @Test func `what changes after an export was accepted is not in it`() throws {
        try ExportSite.with(items: [Orders.item("p", 1), Orders.item("p", 2)]) { site in
            let arn = try site.arn(of: site.export())
            try site.put(Orders.item("p", 3))
            site.time.advance(by: .seconds(1))
            try site.put(Orders.item("p", 1, "later"))
            try site.delete("p", 2)
            try site.setRecovery(false)
            try site.put(Orders.item("p", 4))
            site.time.advance(by: .seconds(60))
            #expect(
                try site.lines(site.describe(arn)) == [
                    "{\"Item\":\(Orders.item("p", 1).text)}",
                    "{\"Item\":\(Orders.item("p", 2).text)}",
                ])
        }
    }

    @Test func `changes are kept only while recovery is on or an export needs them`() throws {
        try ExportSite.with { site in
            let table = try #require(
                site.server.service.tables.table(named: "orders", at: site.time.now))
            #expect(table.history != nil)
            _ = try site.export()
            try site.setRecovery(false)
            #expect(table.history != nil)
            site.time.advance(by: .seconds(60))
            site.server.service.exports.settle()
            #expect(table.history == nil)
        }
    }

    @Test func `of changes older than 35 days none is kept`() throws {
        let clock = ServiceClock(ManualTime())
        let history = TableHistory(clock)
        var heap = RecordHeap()
        let record = heap.allocate(Record.headerBytes + 2)
        record.header.pointee = .init(keyCount: 0, jsonCount: 2, size: 1, indexes: 0)
        let key = UnsafeRawBufferPointer(start: nil, count: 0)
        for _ in 0..<4095 { history.record(0, key, old: nil, new: record) }
        clock.advance(by: .seconds(36 * 86_400))
        history.record(0, key, old: record, new: nil)
        #expect(history.items(before: 0, in: .whole) == [[]: record.text])
    }
}

extension Record {
    fileprivate var text: [UInt8] { Array(json) }
}
