import JSON
import TestSupport
import Testing

@testable import Arguments
@testable import CommandLine
@testable import dynaferry

/// Goal: a program that reads stderr with `--progress json` never meets anything but JSON.
@Suite(.timeLimit(.minutes(20))) struct JSONMessageTests {
    /// The objects on stderr, a line each.
    private func objects(_ result: Binary.Result) throws -> [JSON] {
        try result.err.split(separator: "\n").map { line in
            let object = try JSON(parsing: String(line))
            #expect(["progress", "message"].contains(object["type"]?.string), "\(line)")
            #expect(object["time"]?.string?.hasSuffix("Z") == true, "\(line)")
            return object
        }
    }

    private func levels(_ objects: [JSON]) -> Set<String> {
        Set(objects.compactMap { $0["level"]?.string })
    }

    @Test func `a copy that succeeds, is resumed or fails speaks JSON alone`() throws {
        let site = try CopySite()
        let words = ["--progress", "json", "--write-units", "100000"]
        let done = try objects(site.run(words + ["--on-finish", "/bin/echo hello"]))
        #expect(done.contains { $0["type"] == "progress" && $0["phase"] == "finished" })
        #expect(done.contains { $0["level"] == "note" && $0["text"] == "on-finish: hello" })
        #expect(levels(done) == ["note", "hint"])

        let refused = try site.run(words)
        #expect(refused.status == 1)
        let messages = try objects(refused)
        #expect(levels(messages).isSuperset(of: ["error", "hint"]), "\(refused.err)")
        #expect(messages.allSatisfy { $0["text"]?.string?.hasPrefix("error:") == false })
    }

    @Test(arguments: [
        ["--segments", "four", "--progress", "json"], ["--progress=json", "--segmnts", "4"],
        ["--progress", "json", "--fail-fast", "--config"],
    ])
    func `wrong usage is told in JSON, wherever the option stands`(options: [String]) throws {
        let result = try Binary.run(["copy", "Orders", "Copy"] + options)
        #expect(result.status == 2)
        let messages = try objects(result)
        #expect(messages.first?["level"] == "error")
        #expect(messages.count > 1 && messages.dropFirst().allSatisfy { $0["level"] == "hint" })
    }

    @Test func `the style is read from the words of the command alone`() {
        func style(_ words: String...) -> ConsoleStyle { ConsoleStyle(ofWords: words) }
        #expect(style("copy", "a", "b", "--progress", "json").speaksJSON)
        #expect(style("verify", "--progress=json", "--progress", "bar").speaksJSON == false)
        #expect(style("copy", "--", "--progress", "json").speaksJSON == false)
        #expect(style("copi", "--progress", "json").speaksJSON == false)
        #expect(style("copy", "--progress").speaksJSON == false)
        #expect(style("copy", "--color=never", "--nonsense").colour == .never)
        #expect(style("jobs", "status", "a", "--color", "always").colour == .always)
    }

    @Test func `colours are for terminals, unless someone says otherwise`() {
        for (choice, capable, noColour, colours) in [
            (ColourChoice.auto, true, nil, true), (.auto, true, "", true),
            (.auto, true, "1", false), (.auto, false, nil, false), (.always, false, "1", true),
            (.never, true, nil, false),
        ] as [(ColourChoice, Bool, String?, Bool)] {
            #expect(choice.hasColours(isCapable: capable, noColour: noColour) == colours)
        }
    }

    @Test func `--color always colours errors in a pipe too`() throws {
        let result = try Binary.run("copy", "Orders", "--color", "always")
        #expect(result.err.hasPrefix("\u{1B}[1;31merror:\u{1B}[0m TARGET missing"), "\(result.err)")
        let plain = try Binary.run("copy", "Orders", "--color", "auto")
        #expect(plain.err.hasPrefix("error: TARGET missing"))
    }

    @Test func `plain lines begin with the time`() throws {
        let site = try CopySite()
        let result = try site.run(["--progress", "plain", "--write-units", "100000"])
        let lines = result.err.split(separator: "\n").filter { $0.contains(" %: ") }
        #expect(!lines.isEmpty)
        for line in lines {
            #expect(line.prefixMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ %: /#) != nil)
        }
    }
}
