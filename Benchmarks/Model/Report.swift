import Glibc
import System

/// A Markdown file that is being written, and shown as it grows.
struct Report {
    let path: String
    private var text = ""

    init(_ path: String, title: String) {
        self.path = path
        line("# \(title)\n")
    }

    mutating func line(_ line: String) {
        text += line + "\n"
        Console.say(line)
    }

    mutating func row(_ cells: [String]) { line("| " + cells.joined(separator: " | ") + " |") }

    mutating func rule(columns: Int) {
        line("|" + String(repeating: "---|", count: columns))
    }

    func save() { File.write(text, to: path) }
}

enum Console {
    static func say(_ line: String) {
        var bytes = Array(line.utf8) + [10]
        _ = write(2, &bytes, bytes.count)
    }
}

enum File {
    static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else {
            preconditionFailure("\(path) can't be written")
        }
        fputs(text, file)
        fclose(file)
    }
}

extension Double {
    /// So many digits after the point.
    func text(_ digits: Int) -> String {
        let scale = pow(10, Double(digits))
        let rounded = (self * scale).rounded() / scale
        if digits == 0 { return "\(Int(clamping: rounded))" }
        let text = "\(rounded)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// What the machine spends.
enum Spent {
    /// CPU seconds of this process, and its resident bytes.
    static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static var residentBytes: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, 256, file) != nil else { return 0 }
        let length = buffer.firstIndex(of: 0) ?? 0
        let text = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}

extension Report {
    static func usage(_ text: String) { Console.say("usage: \(text)") }
}
