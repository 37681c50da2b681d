import System
import Testing

/// Goal: each line that a program is given has its answer, in order, or there is one failure that
/// says which line has none; whatever the program does it is never waited for without end.
@Suite(.timeLimit(.minutes(20))) struct LineProgramTests {
    private static func program(
        _ command: String, giveUpAfter: Duration = .seconds(60),
        onErrorLine: @escaping @Sendable (String) -> Void = { _ in }
    ) -> LineProgram {
        var settings = LineProgram.Settings(
            command: command, environment: ["PATH=/usr/bin:/bin", "MARK=7"])
        settings.giveUpAfter = giveUpAfter
        return LineProgram(settings, onErrorLine: onErrorLine)
    }

    private func ask(
        _ program: LineProgram, _ lines: [String], bytesMax: Int = 1 << 24
    ) async -> Result<[String], LineProgram.Failure> {
        let text = lines.map { $0 + "\n" }.joined()
        let result = await withCheckedContinuation { continuation in
            program.send(Array(text.utf8), count: lines.count, bytesMax: bytesMax) {
                continuation.resume(returning: $0)
            }
        }
        return result.map { answer in
            String(decoding: answer, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    private func failure(
        _ program: LineProgram, _ lines: [String], bytesMax: Int = 1 << 24
    ) async -> LineProgram.Failure? {
        guard case .failure(let failure) = await ask(program, lines, bytesMax: bytesMax) else {
            return nil
        }
        return failure
    }

    /// More than both pipes hold, so that who writes first and reads then would wait for ever.
    private static let many = (0..<20_000).map { "line \($0) " + String(repeating: "x", count: 50) }

    @Test(arguments: [
        "cat", "sed -u s/line/LINE/", "sed s/line/LINE/", "tr a-z A-Z", "sh -c 'exec cat'",
        "python3 -c 'import sys\nfor line in sys.stdin: print(line.upper(), end=\"\")'",
        "python3 -c 'import sys, time; time.sleep(0.2); sys.stdout.write(sys.stdin.read())'",
    ])
    func `a program answers many lines, several times, whether it holds its output back or not`(
        command: String
    ) async throws {
        let program = Self.program(command)
        for round in 0..<3 {
            let lines = round == 1 ? ["a single line"] : Self.many
            let answer = try await ask(program, lines).get()
            #expect(answer.map { $0.lowercased() } == lines.map { $0.lowercased() })
        }
        await program.finish()
    }

    @Test func `answers come in order to those who asked at the same time`() async throws {
        let program = Self.program("sed 's/$/!/'")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let lines = (0..<(number % 7 + 1)).map { "\(number) \($0)" }
                    let answer = try await ask(program, lines).get()
                    #expect(answer == lines.map { $0 + "!" })
                }
            }
            try await group.waitForAll()
        }
        await program.finish()
    }

    /// Whoever waits for the end of its output would wait for the other, too.
    @Test(arguments: ["sleep 1000 & cat", "cat; exec >&-; sleep 0.3"])
    func `it has ended when its process has, and not before`(command: String) async throws {
        let program = Self.program(command)
        for _ in 0..<2 { #expect(try await ask(program, ["a", "b"]).get() == ["a", "b"]) }
        await program.finish()
    }

    @Test func `no line is taken for another's where it gives too many`() async {
        let program = Self.program("sed p")
        async let first = failure(program, (0..<3_000).map { "a \($0)" })
        async let second = failure(program, (0..<3_000).map { "b \($0)" })
        let both = [await first, await second]
        #expect(both.allSatisfy { $0?.message == "it gave more lines than it was given" })
        await program.finish()
    }

    @Test func `a last line needs no end`() async throws {
        let program = Self.program("read a; read b; printf '%s\\n%s' \"$a\" \"$b\"")
        #expect(try await ask(program, ["x", "y"]).get() == ["x", "y"])
        await program.finish()
    }

    private static let failures: [(command: String, message: String, line: Int)] = [
        ("exit 3", "it ended with exit code 3", 0),
        ("head -n 2; exit 4", "it ended with exit code 4", 2),
        ("head -n 3", "it ended before it had given a line for each", 3),
        ("sed '2q'; kill -9 $$", "it was ended by signal 9", 2),
        ("no-such-program", "it ended with exit code 127", 0),
        ("cat; exit 5", "it ended with exit code 5", 4),
        ("sed p", "it gave more lines than it was given", 0),
    ]

    @Test(arguments: failures)
    func `a failure says how, and at which line`(
        command: String, message: String, line: Int
    ) async {
        let program = Self.program(command)
        let lines = ["a", "b", "c", "d", "e"]
        let found = await failure(program, lines)
        #expect(found?.message == message && found?.line == line)
        await program.finish()
    }

    @Test func `one that gives nothing is killed after its time`() async {
        for command in [
            "sleep 1000", "read a; echo \"$a\"; sleep 1000", "sleep 1000 & cat >/dev/null; wait",
        ] {
            let program = Self.program(command, giveUpAfter: .milliseconds(300))
            let found = await failure(program, ["a", "b"])
            #expect(found?.message.hasPrefix("it gave nothing for") == true, "\(command)")
            await program.finish()
        }
    }

    @Test func `who reads nothing more does not stop those who write`() async {
        let program = Self.program(
            "head -c 1000 >/dev/null; exec sleep 1000", giveUpAfter: .milliseconds(300))
        #expect(await failure(program, Self.many)?.line == 0)
    }

    @Test func `an answer that is too long fails alone`()
        async throws
    {
        let program = Self.program(
            "sed 's/^long$/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/'")
        async let first = failure(program, ["a", "long"], bytesMax: 40)
        async let second = ask(program, ["b"])
        #expect(await first?.isTooLong == true)
        #expect(try await second.get() == ["b"])
        // A line without an end is not read to the end either.
        let endless = Self.program("exec cat /dev/zero")
        #expect(await failure(endless, ["a"], bytesMax: 1 << 20)?.isTooLong == true)
    }

    @Test func `it has the environment that it is given, and what it says is passed on`()
        async throws
    {
        let (said, continuation) = AsyncStream<String>.makeStream()
        let program = Self.program(
            "read a; echo \"$MARK $HOME\"; echo one >&2; printf two >&2",
            onErrorLine: { continuation.yield($0) })
        #expect(try await ask(program, ["x"]).get() == ["7 "])
        await program.finish()
        continuation.finish()
        var lines: [String] = []
        for await line in said { lines.append(line) }
        #expect(lines == ["one", "two"])
    }

    @Test func `it can be ended at any time, and answers still`() async {
        let program = Self.program("sleep 1000")
        async let answer = failure(program, ["a"])
        try? await Task.sleep(for: .milliseconds(30))
        await program.finish()
        #expect(await answer != nil)
        #expect(await failure(program, ["b"]) != nil, "it has been ended")
        await Self.program("cat").finish()  // it was never asked
    }
}
