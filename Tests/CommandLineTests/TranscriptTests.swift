import CommandLine
import Foundation
import TestSupport
import Testing

@testable import dynaferry

/// The program as its users meet it: what it prints, where, and how it ends.
///
/// Help is compared with files under Snapshots; DYNAFERRY_UPDATE_SNAPSHOTS=1 writes them anew.
@Suite(.timeLimit(.minutes(20))) struct TranscriptTests {
    @Test(arguments: ProgramDescription.dynaferry.commands.map(\.name))
    func `help of each command is as agreed`(command: String) throws {
        let words = command.split(separator: " ").map(String.init)
        func run(_ words: [String]) throws -> Binary.Result {
            try Binary.shell("exec \"$0\" \"$@\"", words)
        }
        let asked = try run(["help"] + words)
        try Snapshot.compare(asked.out, command.replacing(" ", with: "-") + ".txt")
        #expect(asked.status == 0 && asked.err.isEmpty)
        let flagged = try run(words + ["--nonsense", "--help"])
        #expect(flagged.status == 0 && flagged.out == asked.out)
        #expect(try run(words + ["-h", "--help"]).out == asked.out)
    }

    /// Of a terminal of 80 columns and 24 rows.
    @Test(arguments: ProgramDescription.dynaferry.commands.map(\.name) + [""])
    func `-h is one screen, and says where more is`(command: String) throws {
        let words = command.split(separator: " ").map(String.init)
        let brief = try Binary.shell("exec \"$0\" \"$@\"", words + ["-h"])
        #expect(brief.status == 0 && brief.err.isEmpty, "\(brief)")
        let lines = brief.out.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count <= 24 && lines.allSatisfy { $0.count <= 80 }, "\(brief.out)")
        #expect(brief.out.contains("--help has "), "\(brief.out)")
        let name = command.isEmpty ? "overview" : command.replacing(" ", with: "-")
        try Snapshot.compare(brief.out, "brief/\(name).txt")
    }

    @Test func `the overview is as agreed, on stdout when asked for and on stderr when not`() throws
    {
        let asked = try Binary.run("--help")
        try Snapshot.compare(asked.out, "overview.txt")
        #expect(asked.status == 0)
        #expect(try Binary.run("help").out == asked.out)
        let bare = try Binary.run()
        #expect(bare.status == 2)
        #expect(bare.err == (try Binary.run("-h")).out)
        #expect(bare.out.isEmpty)
    }

    @Test func `the version is one line`() throws {
        let result = try Binary.run("--version")
        #expect(result.status == 0)
        #expect(result.out.hasPrefix("dynaferry "))
        #expect(result.out.split(separator: "\n").count == 1)
        #expect(result.out.contains("(commit "), "\(result.out)")
    }

    @Test func `the version command also names each library and its version`() throws {
        let result = try Binary.run("version")
        #expect(result.status == 0)
        let lines = result.out.split(separator: "\n")
        #expect(lines.first.map { "\($0)\n" } == (try Binary.run("--version")).out)
        let names = ["libcurl", "OpenSSL", "expat", "SQLite", "zlib", "libdeflate", "zstd"]
        #expect(lines.dropFirst().map { String($0.prefix { $0 != " " }) } == names)
        for line in lines.dropFirst() {
            #expect(line.contains { $0.isNumber }, "\(line)")
        }
    }

    /// Each wrong line with the words that must tell what is wrong.
    @Test(arguments: [
        ("cpoy a b", "did you mean copy?"),
        ("--hlep", "did you mean --help?"),
        ("help copi", "did you mean copy?"),
        ("copy Orders Copy --segmnts 4", "did you mean --segments?"),
        ("copy Orders Copy --segments four", "a whole number from 1 to 1,000,000, not 'four'"),
        ("copy Orders Copy --segments 0", "a whole number from 1 to 1,000,000, not '0'"),
        ("copy Orders Copy --memory 32M", "write 32MiB"),
        ("copy Orders Copy --write-units lots", "units a second"),
        ("copy Orders Copy --give-up-after 15", "15s, 15m or 15h"),
        ("copy Orders Copy --endpoint localhost:8000", "http://localhost:8000"),
        ("copy Orders Copy --region eu_west", "a region such as eu-central-1"),
        ("copy Orders", "TARGET missing"),
        ("copy Orders Orders", "same table"),
        ("copy Or Copy", "3 to 255 letters"),
        ("copy acme-* Copy", "SOURCE has 1 star and TARGET none"),
        ("serve --port 65536", "from 0 to 65,535"),
        ("serve --faults eror=0.1", "take a share from 0 to 1"),
        ("demo --items many", "a whole number"),
        ("copy Orders - --report -", "the report can't"),
        ("jobs prune --older-than 30", "a time such as 500ms"),
    ])
    func `wrong usage is told with a hint and ends with 2`(line: String, words: String) throws {
        let result = try Binary.shell("set -f; exec \"$0\" \(line)")
        #expect(result.status == 2)
        #expect(result.out.isEmpty)
        #expect(result.err.contains(words), "\(result.err)")
        let lines = result.err.split(separator: "\n")
        #expect(lines.first?.hasPrefix("error: ") == true)
        #expect(lines.count > 1 && lines.dropFirst().allSatisfy { $0.hasPrefix("hint: ") })
        #expect(lines.allSatisfy { !$0.hasSuffix(".") })
    }

    @Test func `a reader that leaves early does not break the program`() throws {
        let result = try Binary.shell("\"$0\" copy --help | head -1; echo ${PIPESTATUS[0]}")
        #expect(result.out.hasSuffix("\n0\n"))
        #expect(result.err.isEmpty)
    }

    @Test func `closed streams do not break the program`() throws {
        for redirection in ["1>&-", "2>&-", "0<&- 1>&- 2>&-"] {
            let result = try Binary.shell("\"$0\" --help \(redirection)")
            #expect(result.status == 0, "\(redirection)")
        }
    }

    /// Goal: whose output is lost, but for a reader that has left, has not done what it was asked.
    @Test func `output that can't be written ends every command with 1`() throws {
        let commands = [
            "--help", "--version", "copy --help", "man", "completion bash",
            "plan aaa bbb --iam", "jobs --help",
        ]
        for command in commands {
            let result = try Binary.shell(
                "\"$0\" \(command) > /dev/full < /dev/null",
                environment: ["AWS_REGION": "us-east-1"])
            #expect(result.status == 1, "\(command): \(result)")
            #expect(
                result.err.contains("error: cannot write to stdout: No space left on device"),
                "\(command): \(result.err)")
        }
    }

    /// Method: a file system that is mounted over /proc, where this user may do so.
    @Test func `without /proc commands are understood, and a job says what it needs`() throws {
        let hidden = "mount -t tmpfs none /proc 2>/dev/null || exit 99; exec \"$0\" \"$@\""
        func run(_ words: [String]) throws -> Binary.Result {
            try Binary.shell(
                "exec unshare --user --map-root-user --mount bash -c '\(hidden)' \"$0\" \"$@\"",
                words)
        }
        let version = try run(["--version"])
        guard version.err.isEmpty, version.status != 99 else {
            return print("not tested: no file system can be mounted here")
        }
        #expect(version.out == (try Binary.run("--version")).out, "\(version)")
        let state = try TemporaryFolder()
        let jobs = try run(["jobs", "--state-dir", state.path("none")])
        #expect(jobs.status == 0 && jobs.err.hasPrefix("there are no jobs in "), "\(jobs)")
        let demo = try run(["demo", "--items", "300", "--progress", "none"])
        #expect(demo.status == 1 && demo.err.hasPrefix("error: /proc is not mounted, "), "\(demo)")
        #expect(demo.err.hasSuffix("\nhint: as root: mount -t proc proc /proc\n"), "\(demo)")
    }

    @Test func `colours are for terminals alone`() throws {
        let result = try Binary.run("copy", environment: ["TERM": "xterm-256color"])
        #expect(!result.err.contains("\u{1B}"))
    }
}
