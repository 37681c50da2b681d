import DynamoModel
import JSON
import Pacing
import Testing

@testable import LocalAWS

@Suite struct FaultPlanTests {
    @Test func `a plan reads as it is written`() throws {
        let plan = try FaultPlan(
            parsing:
                "error=0.05,throttle=0.1,unprocessed=0.3,drop=0.02,truncate=0.02,corrupt=0.02,"
                + "latency-ms=20"
        )
        #expect(plan.error == 0.05)
        #expect(plan.throttle == 0.1)
        #expect(plan.unprocessed == 0.3)
        #expect(plan.drop == 0.02)
        #expect(plan.truncate == 0.02)
        #expect(plan.corrupt == 0.02)
        #expect(plan.latency == .milliseconds(20))
        #expect(try FaultPlan(parsing: plan.text) == plan)
        #expect(FaultPlan().text == "")
    }

    @Test(arguments: [
        ("eror=0.1", "no fault is called 'eror'"), ("error", "is not NAME=NUMBER"),
        ("error=x", "is not NAME=NUMBER"), ("", "is not NAME=NUMBER"),
        ("error=0.1,", "is not NAME=NUMBER"), ("error=nan", "is not NAME=NUMBER"),
        ("error=1.5", "from 0 to 1"),
        ("drop=-0.1", "from 0 to 1"), ("latency-ms=-1", "from 0 to 60000"),
    ])
    func `a plan that makes no sense says why`(text: String, reason: String) {
        #expect {
            try FaultPlan(parsing: text)
        } throws: { error in
            "\(error)".contains(reason)
        }
    }

    @Test func `faults come as often as asked, the same for the same seed`() throws {
        let plan = try FaultPlan(
            parsing: "error=0.05,throttle=0.1,drop=0.04,truncate=0.02,corrupt=0.03")
        func draw(_ seed: UInt64) -> [Fault?] {
            var generator = SeededGenerator(seed: seed)
            return (0..<20_000).map { _ in plan.draw(using: &generator) }
        }
        let drawn = draw(7)
        #expect(drawn == draw(7))
        #expect(drawn != draw(8))
        func share(_ faults: [Fault]) -> Double {
            Double(drawn.filter { $0.map(faults.contains) ?? false }.count) / 20_000
        }
        #expect(abs(share([.dropBefore, .dropAfter]) - 0.04) < 0.005)
        #expect(abs(share([.dropBefore]) - 0.02) < 0.004)
        #expect(abs(share([.error]) - 0.05 * 0.96) < 0.006)
        #expect(abs(share([.throttle]) - 0.1 * 0.96 * 0.95) < 0.008)
        #expect(abs(share([.truncate]) - 0.02 * 0.96 * 0.95 * 0.9) < 0.004)
        #expect(abs(share([.corrupt]) - 0.03 * 0.96 * 0.95 * 0.9 * 0.98) < 0.005)
    }

    /// Goal: a client that matches unprocessed items by their bytes must fail, one that matches by
    /// value must not.
    @Test func `a disguised item is another text of the same item`() throws {
        let source = FaultSource(plan: nil, hook: nil, seed: 3)
        var same = 0
        for index in 0..<300 {
            let item = ItemGenerator.item(.transactions, seed: 5, index: index)
            let disguised = source.respelled(item)
            #expect(
                try Item(JSON(parsing: item)) == Item(JSON(parsing: disguised)), "item \(index)")
            if item == disguised { same += 1 }
        }
        #expect(same == 0)
    }

    @Test func `no more unprocessed items are spelt anew than the plan says`() throws {
        let plan = try FaultPlan(parsing: "unprocessed=0.5,respelled=0.25")
        let source = FaultSource(plan: plan, hook: nil, seed: 3)
        let respelt = (0..<2_000).count { index in
            let item = ItemGenerator.item(.transactions, seed: 5, index: index)
            return source.respelled(item) != item
        }
        #expect(abs(Double(respelt) / 2_000 - 0.25) < 0.04)
    }
}
