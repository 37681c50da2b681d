import Glibc

/// Asks the person at the terminal, past whatever stdin and stdout are connected to.
package enum TerminalLine {
    /// Blocks until a line has been typed; nil when there is no terminal, or this process runs in
    /// its background, where reading would stop it. The corresponding C functions are `open` of
    /// `/dev/tty` and `tcgetpgrp`.
    package static func ask(_ question: String) -> String? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        guard tcgetpgrp(terminal) == getpgrp() else { return nil }
        let safe = question.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        var question = String(String.UnicodeScalarView(safe))
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
        return String(decoding: line, as: UTF8.self).filter { $0 != " " && $0 != "\r" }
    }
}

/// Asks for the code that a device shows.
package enum CodePrompt {
    /// nil when nobody can be asked, or nothing was typed.
    ///
    /// What is typed can be seen: the code is good once, and turning the echo off would leave the
    /// terminal so when the process is ended meanwhile.
    package static func ask(_ device: String) -> String? {
        guard let code = TerminalLine.ask("code of \(device): "), !code.isEmpty else { return nil }
        return code
    }
}

/// Asks a question of yes or no.
package enum TerminalQuestion {
    /// nil when nobody can be asked. Whatever is not yes is no.
    package static func ask(_ question: String) -> Bool? {
        TerminalLine.ask("\(question) [y/N] ").map { ["y", "yes"].contains($0.lowercased()) }
    }
}
