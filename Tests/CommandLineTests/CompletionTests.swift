import CommandLine
import Foundation
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// Goal: a shell proposes what dynaferry understands, and nothing where only its user knows.
@Suite(.timeLimit(.minutes(20))) struct CompletionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("keys"), withIntermediateDirectories: false)
        for name in [
            "keys/a b.pem", "keys.json", "orders-7f3a.db", "orders-7f3a.lock", "users-0c11.db",
        ] {
            _ = FileManager.default.createFile(atPath: folder.path(name), contents: nil)
        }
        for name in ["state", "home", "home/.aws"] {
            try FileManager.default.createDirectory(
                atPath: folder.path(name), withIntermediateDirectories: false)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("state/dynaferry"), withDestinationPath: folder.path("."))
        try Self.config.write(
            toFile: folder.path("home/.aws/config"), atomically: true, encoding: .utf8)
        try "[legacy]\naws_access_key_id = x\n".write(
            toFile: folder.path("home/.aws/credentials"), atomically: true, encoding: .utf8)
    }

    private static let config = """
        [default]
        region = eu-west-1
        [profile staging]
        [ profile  prod ] # the live one
        [sso-session company]
        [profile "with space"]
        [profile $(touch${IFS}made)]
        """

    private static let jobs = ["orders-7f3a", "users-0c11"]
    private static let odd = "$(touch${IFS}made)"
    private static let profiles = [odd, "default", "legacy", "prod", "staging"]

    private var environment: [String: String] {
        ["XDG_STATE_HOME": folder.path("state"), "HOME": folder.path("home")]
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
        let result = try Binary.shell(
            line, [folder.path(".")] + words, environment: environment)
        #expect(result.status == 0 && result.err.isEmpty, "\(result.err)")
        // Nothing that stands in a name has been run.
        #expect(!FileManager.default.fileExists(atPath: folder.path("made")))
        return result.out.split(separator: "\n").map(String.init)
    }

    @Test(arguments: [
        (["co"], ["copy", "completion"]), (["help", "ser"], ["serve"]),
        (["help", "jobs", "re"], ["report", "resume", "retry", "remove"]),
        (["jobs", "pru"], ["prune"]),
        (["jobs", "st"], ["status", "stop"]), (["jobs", "--js"], ["--json"]),
        (
            ["jobs", "status", "--"],
            ["--watch", "--json", "--color", "--state-dir", "--help", "--version"]
        ),
        (["jobs", "status", ""], jobs), (["jobs", "status", "--json", "o"], ["orders-7f3a"]),
        (["jobs", "stop", "--state-dir", "keys", ""], []),
        (["jobs", "stop", "--state-dir", "=", ".", "u"], ["users-0c11"]),
        (["jobs", "--running", ""], []), (["copy", "--job", "us"], ["users-0c11"]),
        (["copy", "--profile", ""], profiles), (["copy", "--source-profile", "=", "p"], ["prod"]),
        (["copy", "--region", "eu-n"], ["eu-north-1"]),
        (["verify", "--target-region", "us-gov"], ["us-gov-east-1", "us-gov-west-1"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["completion", "bash", ""], []), (["copy", ""], []),
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

    private func has(_ shell: String) throws -> Bool {
        let isThere = try Binary.shell("type -P \(shell) >/dev/null").status == 0
        if !isThere { print("not tested: \(shell) is not installed") }
        return isThere
    }

    @Test(arguments: CompletionArguments.Shell.allCases.map(\.rawValue))
    func `the script is understood by its shell`(shell: String) throws {
        guard try has(shell) else { return }
        let result = try Binary.shell(
            "\"$0\" completion \(shell) > \"$1\" && \(shell) -n \"$1\"", [folder.path("script")])
        #expect(result.status == 0 && result.err.isEmpty, "\(result.err)")
    }

    @Test(arguments: [
        ("co", ["copy", "completion"]), ("help ser", ["serve"]), ("jobs st", ["status", "stop"]),
        ("help jobs re", ["report", "resume", "retry", "remove"]),
        ("jobs --run", ["--running"]), ("jobs status ", jobs), ("jobs status --json o", [jobs[0]]),
        ("jobs status --wa", ["--watch"]), ("jobs stop --state-dir keys ", []),
        ("jobs stop --state-dir . u", ["users-0c11"]), ("copy --job us", ["users-0c11"]),
        ("copy --profile ", profiles), ("copy --source-profile p", ["prod"]),
        ("verify --target-region us-gov", ["us-gov-east-1", "us-gov-west-1"]),
        ("copy a b --progress p", ["plain"]), ("copy --merge=rep", ["--merge=replace"]),
        ("plan --config key", ["keys/", "keys.json"]), ("completion ", ["bash", "zsh", "fish"]),
        ("serve --exit", []), ("copy -- --seg", []), ("copy --endpoint ", []),
    ])
    func `fish proposes what may stand there`(line: String, expected: [String]) throws {
        guard try has("fish") else { return }
        let result = try Binary.shell(
            """
            "$0" completion fish > script.fish
            cd "$1"
            exec fish --no-config -c 'source $argv[1]; complete -C "dynaferry $argv[2]"' \
                "$OLDPWD/script.fish" "$2"
            """.replacing("script.fish", with: folder.path("script.fish"))
                .replacing("$OLDPWD/", with: ""),
            [folder.path("."), line], environment: environment)
        #expect(result.status == 0 && result.err.isEmpty, "\(result.err)")
        let words = result.out.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        #expect(words.sorted() == expected.sorted(), "\(line)")
    }

    /// Method: zsh in a terminal of its own completes a word that has one continuation.
    @Test(arguments: [
        ("comple", "completion "), ("jobs status or", "orders-7f3a "),
        ("jobs stop --state-dir . us", "users-0c11 "), ("copy --profile sta", "staging "),
        ("copy --region eu-n", "eu-north-1 "), ("jobs --runn", "--running "),
        ("completion f", "fish "),
    ])
    func `zsh completes what may stand there`(line: String, expected: String) throws {
        guard try has("zsh") else { return }
        let result = try Binary.shell(
            """
            "$0" completion zsh > "$1/_dynaferry"
            cd "$1"
            exec timeout 60 zsh -f -c '
                zmodload zsh/zpty
                zpty shell "PS1= exec zsh -f -i"
                zpty -w shell "fpath=($PWD \\$fpath); autoload -U compinit; compinit -u -D"
                zpty -w shell "print \\${:-REA}DY"
                zpty -r shell seen "*READY*"
                zpty -w -n shell "dynaferry $1$(print "\\t")"
                zpty -r shell seen "*$2*" && print found
            ' zsh "$2" "$3"
            """, [folder.path("."), line, expected],
            environment: environment.merging(["TERM": "dumb"]) { $1 })
        #expect(result.out == "found\n" && result.err.isEmpty, "\(result)")
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
                        case .job: ":_dynaferry_job_ids'"
                        case .profile: ":_dynaferry_profiles'"
                        }
                    #expect(spec.contains(ends), "\(spec)")
                }
            }
        }
        #expect(script.contains("'1:SHELL:(bash zsh fish)'"))
        #expect(script.contains("'copy:Copy tables: schema and settings, then every item.'"))
        #expect(script.contains("[Copy FROM as TO, whatever"))
    }

    @Test func `a shell that is not known is refused with those that are`() throws {
        let result = try Binary.run("completion", "csh")
        #expect(result.status == 2 && result.err.contains("bash, zsh or fish"), "\(result.err)")
    }
}
