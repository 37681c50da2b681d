import DynamoModel
import Flow
import JSON
import Status
import Testing

@testable import Arguments
@testable import Jobs
@testable import dynaferry

/// Goal: the list of jobs fits the terminal, and an id can always be copied from it.
@Suite struct JobListTests {
    private static let now = 1_800_000_000.0

    private func view(
        _ id: String, tables: [(String, String)] = [("Orders", "Copy")], items: Int = 1_204_311,
        isRunning: Bool = false, deadLetters: Int = 0
    ) -> JobView {
        var record = JobRecord(
            id: id, created: Self.now - 9_000, request: [:], identity: "", processID: 1)
        record.updated = Self.now - 7_200
        record.state = isRunning ? .running : .finished
        record.progress.itemsDone = items
        record.progress.itemsPerSecond = isRunning ? 12_345 : 0
        let tables = tables.map { source, target in
            JobTable(
                source: source, target: target, sourceID: nil, targetID: nil,
                schema: KeySchema(partition: .init(name: "id", type: .string)), targetWas: .empty,
                segments: 1,
                itemsReported: items)
        }
        return JobView(
            record: record, tables: tables, deadLetters: deadLetters, isRunning: isRunning)
    }

    private func lines(_ views: [JobView], width: Int = 80) -> [String] {
        JobList(now: Self.now, width: width).lines(views)
    }

    @Test func `a line has what there is to say, and no column that says nothing`() {
        #expect(
            lines([view("orders-7f3a")]) == [
                "JOB          STATE      DONE      ITEMS  UPDATED  FROM AND TO",
                "orders-7f3a  finished  100 %  1,204,311  2 h ago  Orders to Copy",
            ])
        let head = lines([view("a", isRunning: true, deadLetters: 3)], width: 200)[0]
        #expect(head.contains("ITEMS/S") && head.contains("DEAD") && !head.contains("TABLES"))
        let many = lines([view("a", tables: [("Orders", "Copy"), ("Users", "Other")])])
        #expect(many[0].contains("TABLES"))
        #expect(many[1].hasSuffix("Orders to Copy, ..."))
    }

    @Test func `no line is wider than the terminal, and no id is cut`() {
        let names = ("acme-staging-transactions", "acme-transactions-dev")
        let ids = ["a-1c4e", "acme-staging-transactions-1c4e", String(repeating: "n", count: 60)]
        for id in ids {
            for width in [72, 80, 100, 132] {
                let views = [
                    view(id, tables: [names], isRunning: true, deadLetters: 12),
                    view("short-0000", tables: [names, names]),
                ]
                let lines = lines(views, width: width)
                #expect(lines.count == 3)
                #expect(lines.allSatisfy { $0.count <= width }, "\(width): \(lines)")
                #expect(
                    lines[1].hasPrefix(id + " ") && lines[1].contains(" running"), "\(lines[1])")
            }
        }
    }

    @Test func `names of tables are cut where there is some room for them`() {
        let names = ("acme-staging-transactions", "acme-transactions-dev")
        let line = lines([view("orders-7f3a", tables: [names])])[1]
        #expect(line.count == 80 && line.hasSuffix("..") && line.contains("acme-staging-"))
    }

    @Test func `items of a verification are those of one side`() {
        var verification = view("v", items: 4_000)
        verification.record.kind = .verify
        verification.record.progress.itemsOfSource = 2_000
        verification.record.progress.itemsOfTarget = 1_990
        #expect(lines([verification])[1].contains(" 2,000 "))
        let status = JobText.lines(verification, now: Self.now)
        #expect(status.contains("  items         2,000 in the source, 1,990 in the target"))
    }

    @Test func `tables of a job stand below each other, and times have their zone`() throws {
        var job = view("j", tables: [("Orders", "OrdersCopy"), ("Us", "UsersCopy")])
        job.tables[0].isFinished = true
        let lines = JobText.lines(job, now: Self.now)
        #expect(lines.contains("  copies        Orders  to  OrdersCopy  done"))
        #expect(lines.contains("  copies        Us      to  UsersCopy   1 segment"))
        let begun = try #require(lines.first { $0.hasPrefix("  begun") })
        #expect(begun.contains(#/\d\d:\d\d:\d\d [+-]\d\d:\d\d, /#), "\(begun)")
    }

    @Test func `only finished jobs that are old enough are pruned`() {
        var old = view("old")
        let pruning = JobPruning(before: Self.now - 3_600, takesAll: false)
        #expect(pruning.verdict(on: old) == .remove)
        #expect(JobPruning(before: Self.now - 86_400, takesAll: false).verdict(on: old) == .keep)
        let all = JobPruning(before: Self.now - 3_600, takesAll: true)
        let letters = view("letters", deadLetters: 3)
        #expect(
            pruning.verdict(on: letters)
                == .keepFor(
                    "it has 3 dead letters, which jobs retry can write; --all removes it too"))
        #expect(all.verdict(on: letters) == .remove)
        for state in [JobRecord.State.running, .paused, .stopped, .failed] {
            old.record.state = state
            old.isRunning = false
            #expect(pruning.verdict(on: old) == .keepFor("it can be resumed; --all removes it too"))
            #expect(all.verdict(on: old) == .remove)
            old.isRunning = true
            #expect(all.verdict(on: old) == .keep)
        }
    }
}
