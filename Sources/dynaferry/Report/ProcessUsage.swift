import CommandLine
import Glibc
import System

/// What a process has used since it began.
package struct ProcessUsage: Equatable, Sendable {
    /// User and system.
    package var cpuSeconds: Double
    /// The most that it had resident at any time; 0 where the system does not say.
    package var peakMemoryBytes: Int

    package init(cpuSeconds: Double, peakMemoryBytes: Int) {
        self.cpuSeconds = cpuSeconds
        self.peakMemoryBytes = peakMemoryBytes
    }

    /// This process's. CPU is what C's `getrusage` says. Memory is VmHWM of proc(5) and not
    /// `ru_maxrss`, which counts the memory of the parent that started the process as its own.
    package static func now() -> ProcessUsage {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let status =
            (try? WholeFile.bytes(
                ofFileAt: "/proc/self/status", bytesMax: WholeFile.kernelBytesMax)) ?? []
        return ProcessUsage(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakMemoryBytes: peakMemory(status: String(decoding: status, as: UTF8.self)))
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// The line is `VmHWM:     12345 kB`, in units of 1,024.
    static func peakMemory(status: String) -> Int {
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let digits = line?.filter(\.isASCIIDigit) ?? ""
        return (Int(digits) ?? 0) * 1_024
    }
}
