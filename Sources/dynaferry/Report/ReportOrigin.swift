import Arguments
import Glibc
import JSON
import Pacing
import System

/// Which run a report is of: when, where, and by which program.
struct ReportOrigin: Equatable, Sendable {
    /// Seconds since 1970, here and below. Of this run, not of the whole job.
    var started: Double
    var ended: Double
    /// This machine's name.
    var host: String

    /// Of a run that began at `started` and ends now, on this machine.
    static func ending(from started: Double) -> ReportOrigin {
        ReportOrigin(
            started: started, ended: MonotonicTime().secondsSinceEpoch, host: OwnHost.name)
    }

    /// Adds what it says to a report.
    func add(to json: inout JSON) {
        json["start"] = .string(UTCTime(secondsSinceEpoch: started).iso8601)
        json["end"] = .string(UTCTime(secondsSinceEpoch: ended).iso8601)
        json["host"] = .string(host)
        json["program"] = .string(Version.line)
    }
}

/// The machine that this process runs on.
enum OwnHost {
    /// As the kernel has it. The corresponding C function is `gethostname`.
    static var name: String {
        var bytes = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        guard gethostname(&bytes, bytes.count) == 0 else { return "unknown" }
        return String(
            decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
