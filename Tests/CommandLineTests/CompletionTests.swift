import CommandLine
import Foundation
import TestSupport
import Testing

@testable import dynaferry

/// Goal: a shell proposes what dynaferry understands, and nothing where only its user knows.
@Suite(.timeLimit(.minutes(20))) struct CompletionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("keys"), withIntermediateDirectories: false)
        for name in ["keys/a b.pem", "keys.json"] {
            _ = FileManager.default.createFile(atPath: folder.path(name), contents: nil)
        }
    }

    /// What bash proposes at the end of a line whose words are these, as bash cuts them.
    private func proposals(_ words: [String]) throws -> [String] {
        let line = """
            source <("$0" completion bash)
            cd "$1"
            shift
            COMP_WORDS=(dynaferry "$@")
            COMP_CWORD=$#
            _dynaferry
            ((${#COMPREPLY[@]})) && printf '%s\\n' "${COMPREPLY[@]}"
            exit 0
            """
        let result = try Binary.shell(line, [folder.path(".")] + words)
        #expect(result.status == 0 && result.err.isEmpty, "\(result.err)")
        return result.out.split(separator: "\n").map(String.init)
    }

    @Test(arguments: [
        (["co"], ["copy", "completion"]), (["help", "ser"], ["serve"]),
        (["help", "jobs", "re"], ["report", "resume", "retry", "remove"]),
        (["jobs", "st"], ["status", "stop"]), (["jobs", "--js"], ["--json"]),
        (
            ["jobs", "status", "--"],
            ["--watch", "--json", "--color", "--state-dir", "--help", "--version"]
        ),
        (["jobs", "status", ""], []), (["completion", ""], ["bash", "zsh"]),
        (["completion", "bash", ""], []), (["copy", ""], []), (["copy", "--region", ""], []),
        (["copy", "abc", "abd", "--seg"], ["--segments"]), (["copy", "--", "--seg"], []),
        (["copy", "--gzip", "--consi"], ["--consistent-read"]),
        (["copy", "--progress", "p"], ["plain"]), (["copy", "--progress=p"], ["--progress=plain"]),
        (["copy", "--progress", "=", "p"], ["plain"]),
        (["copy", "--progress", "="], ["auto", "bar", "plain", "json", "none"]),
        (["jobs", "report", "x", "--format", ""], ["text", "json", "md"]),
        (["copy", "--merge", "=", "rep"], ["replace"]), (["copy", "--merge", "rep"], []),
        (["copy", "--gzip", "=", ""], []),
        (["copy", "--config", "key"], ["keys", "keys.json"]),
        (["plan", "--config", "=", "keys."], ["keys.json"]),
        (["copy", "--ca-bundle", "keys/a"], ["keys/a b.pem"]),
        (["copy", "--state-dir", "k"], ["keys"]), (["copy", "--config", "none"], []),
        (["nonsense", "--"], []), (["serve", "--exit"], []),
    ])
    func `bash proposes what may stand there`(words: [String], expected: [String]) throws {
        let proposals = try proposals(words)
        #expect(proposals.sorted() == expected.sorted(), "\(words)")
    }

    @Test func `every option that is not hidden is proposed, with its values`() throws {
        for command in ProgramDescription.dynaferry.commands {
            let words = command.name.split(separator: " ").map(String.init)
            let proposed = Set(try proposals(words + ["--"]))
            for option in command.options {
                for name in option.names {
                    #expect(proposed.contains(name) != option.isHidden, "\(words) \(name)")
                }
            }
        }
    }

    @Test func `both scripts are understood by their shells`() throws {
        let bash = try Binary.shell("\"$0\" completion bash | bash -n -")
        #expect(bash.status == 0 && bash.err.isEmpty, "\(bash.err)")
        // What it is made of is the same in bash, whose quotes and braces are zsh's.
        let zsh = try Binary.shell(
            """
            "$0" completion zsh | bash -n - || exit
            ! type -P zsh >/dev/null || "$0" completion zsh | zsh -n /dev/stdin
            """)
        #expect(zsh.status == 0 && zsh.err.isEmpty, "\(zsh.err)")
    }

    @Test func `the script for zsh has every option with what it is for`() throws {
        let script = try Binary.run("completion", "zsh").out
        #expect(script.hasPrefix("#compdef dynaferry\n"))
        let lines = script.split(separator: "\n").map { $0.drop { $0 == " " } }
        for command in ProgramDescription.dynaferry.commands {
            let name = "_dynaferry_\(command.name.replacing(" ", with: "_"))() {"
            let start = try #require(lines.firstIndex { $0 == name }, "\(name)")
            let body = lines[start...].prefix { $0 != "}" }
            for option in command.options {
                for name in option.names {
                    let form = try Regex("'\\*?\(name)(=-?)?\\[.*")
                    let spec = body.first { $0.wholeMatch(of: form) != nil }
                    #expect((spec == nil) == option.isHidden, "\(command.name) \(name)")
                    guard let spec else { continue }
                    let ends =
                        switch option.value?.proposal {
                        case nil: "]'"
                        case .nothing: ": '"
                        case .file: ":_files'"
                        case .folder: ":_files -/'"
                        case .choices(let all): ":(\(all.joined(separator: " ")))'"
                        }
                    #expect(spec.contains(ends), "\(spec)")
                }
            }
        }
        #expect(script.contains("'1:SHELL:(bash zsh)'"))
        #expect(script.contains("'copy:Copy tables: schema and settings, then every item.'"))
        #expect(script.contains("[Copy FROM as TO, whatever"))
    }

    @Test func `a shell that is not known is refused with those that are`() throws {
        let result = try Binary.run("completion", "fish")
        #expect(result.status == 2 && result.err.contains("bash or zsh"), "\(result.err)")
    }
}
