import Foundation
import TestSupport
import Testing

@testable import Arguments
@testable import CommandLine
@testable import dynaferry

/// Goal: the manual's page says all that help says, and what its reader copies from it works.
@Suite(.timeLimit(.minutes(20))) struct ManPageTests {
    private func has(_ program: String) throws -> Bool {
        try Binary.shell("type -P \(program) >/dev/null").status == 0
    }

    /// The page as it is read, all white space made one space.
    private func read() throws -> String? {
        guard try has("groff") else { return nil }
        // Lines so long that none is broken.
        let result = try Binary.shell(
            "\"$0\" man | groff -t -man -ww -Tascii -P-cbou -rLL=9000n -rHY=0")
        #expect(result.status == 0 && result.err.isEmpty, "\(result.err)")
        return result.out.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    }

    @Test func `what is read is what the declarations say, letter by letter`() throws {
        guard let page = try read() else { return }
        func expect(_ text: String, _ place: String) {
            let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
            #expect(page.contains(words), "\(place): \(words)")
        }
        for command in ProgramDescription.dynaferry.commands {
            for text in command.about + [command.summary] { expect(text, command.name) }
            for operand in command.operands {
                expect("\(operand.name) \(operand.help)", command.name)
            }
            for option in command.options {
                guard !option.isHidden else {
                    #expect(!page.contains(option.names[0]))
                    continue
                }
                expect("\(option.spelling) \(option.explanation)", command.name)
            }
            for note in command.environment {
                expect("\(note.subject) \(note.text)", "environment")
            }
            for note in command.examples { expect("\(note.text) \(note.subject)", "examples") }
            for note in command.exitCodes { expect(note.text, "exit codes") }
        }
    }

    @Test func `options that two commands have alike stand there once`() throws {
        let page = try Binary.run("man").out
        #expect(page.ranges(of: "\\fB\\-\\-fail\\-fast\\fR").count == 1)
        #expect(page.contains("Has all options of dynaferry copy, and:"))
    }

    @Test func `its sections are those of a manual, in their order`() throws {
        let lines = try Binary.run("man").out.split(separator: "\n")
        #expect(lines.first == "'\\\" t")
        let title = lines.dropFirst().first ?? ""
        // Its day is that of the version, whenever it is made.
        #expect(title.contains(#/^\.TH "DYNAFERRY" "1" "\d{4}\\-\d\d\\-\d\d" /#), "\(title)")
        #expect(title.contains(Roff.escaped(Version.date)))
        #expect(
            lines.filter { $0.hasPrefix(".SH ") } == [
                ".SH \"NAME\"", ".SH \"SYNOPSIS\"", ".SH \"DESCRIPTION\"", ".SH \"COMMANDS\"",
                ".SH \"ENVIRONMENT\"", ".SH \"FILES\"", ".SH \"EXIT STATUS\"",
                ".SH \"EXAMPLES\"", ".SH \"SEE ALSO\"",
            ])
    }

    @Test(arguments: [
        (".hidden", "\\&.hidden"), ("'quoted'", "\\(aqquoted\\(aq"), ("a\\b", "a\\eb"),
        ("--merge=x", "\\-\\-merge=x"), (" indented", "\\& indented"), ("a.b", "a.b"),
        ("~/.aws ^ ` \"", "\\(ti/.aws \\(ha \\(ga \\(dq"), ("é→", "\\[u00E9]\\[u2192]"),
    ])
    func `no text is taken for a request or set as another character`(
        text: String, roff: String
    ) throws {
        #expect(Roff.line(text) == roff)
        guard try has("groff") else { return }
        let result = try Binary.shell(
            "printf '.TH A 1\\n.nf\\n%s\\n' \"$1\" | groff -man -ww -Tutf8 -P-cbou", [roff])
        #expect(result.err.isEmpty, "\(result.err)")
        let expected = text.drop { $0 == " " }
        #expect(result.out.split(separator: "\n").contains { $0.hasSuffix(expected) })
    }

    @Test func `exit codes are a table`() throws {
        guard try has("groff") else { return }
        let result = try Binary.shell("\"$0\" man | groff -t -man -Tascii -P-cbou -rLL=80n")
        let lines = result.out.split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex(of: "EXIT STATUS"))
        let rows = lines[start...].dropFirst().prefix { $0.hasPrefix(" ") }
        let head = try #require(rows.first)
        let column = try #require(head.ranges(of: "Meaning").first?.lowerBound)
        let offset = head.distance(from: head.startIndex, to: column)
        // Whatever a meaning begins with stands below its head.
        for row in rows where row.count > offset {
            let before = row[row.index(row.startIndex, offsetBy: offset - 1)]
            #expect(before == " ", "\(row)")
        }
        #expect(rows.contains { $0.contains(#/^ +130 +\w/#) }, "\(rows)")
        #expect(rows.allSatisfy { $0.count <= 80 })
    }

    @Test func `programs that check pages find nothing to say`() throws {
        let checks = [
            ("man", "man --warnings -E UTF-8 -l \"$1\" >/dev/null"),
            ("groff", "groff -t -man -ww -z \"$1\""),
            ("mandoc", "mandoc -T lint -W error \"$1\""),
        ]
        let folder = try TemporaryFolder()
        let path = folder.path("dynaferry.1")
        try Binary.run("man").out.write(toFile: path, atomically: true, encoding: .utf8)
        for (program, check) in checks where try has(program) {
            let result = try Binary.shell(check, [path])
            #expect(result.status == 0 && result.err.isEmpty && result.out.isEmpty, "\(result)")
        }
    }
}
