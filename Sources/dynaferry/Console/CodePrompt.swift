import Glibc

/// Asks the person at the terminal for the code that a device shows.
enum CodePrompt {
    /// Blocks until a line has been typed; nil when there is no terminal, or this process runs in
    /// its background, where reading would stop it. The corresponding C functions are `open` of
    /// `/dev/tty` and `tcgetpgrp`.
    ///
    /// What is typed can be seen: the code is good once, and turning the echo off would leave the
    /// terminal so when the process is ended meanwhile.
    static func ask(_ device: String) -> String? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        guard tcgetpgrp(terminal) == getpgrp() else { return nil }
        let safe = device.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        var question = "code of \(String(String.UnicodeScalarView(safe))): "
        let count = question.withUTF8 { write(terminal, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < 64 {
            let count = read(terminal, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1, byte != 0x0A else { break }
            line.append(byte)
        }
        let code = String(decoding: line, as: UTF8.self).filter { $0 != " " && $0 != "\r" }
        return code.isEmpty ? nil : code
    }
}
