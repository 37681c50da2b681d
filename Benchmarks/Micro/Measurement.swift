import Glibc
import JSON

/// One figure, and whether the work that it is about came out right.
struct Measurement {
    var name: String
    var value: Double
    var unit: String
    var isSane: Bool

    var json: JSON {
        [
            "name": .string(name), "value": JSON(value), "unit": .string(unit),
            "isSane": .bool(isSane),
        ]
    }
}

/// Nanoseconds of CPU that this thread takes.
enum ThreadCPU {
    /// What `body` took, in nanoseconds.
    static func nanoseconds(_ body: () throws -> Void) rethrows -> Double {
        let start = now
        try body()
        return now - start
    }

    /// The least that one of several rounds took: what disturbs a round only adds to it. A round
    /// says what it took itself, so that it can prepare.
    static func least(rounds: Int = 7, _ round: () throws -> Double) rethrows -> Double {
        var least = try round()
        for _ in 1..<rounds { least = min(least, try round()) }
        return least
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
