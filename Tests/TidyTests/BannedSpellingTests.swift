import Testing

/// Spellings that have no place in sources, each with what to write instead.
@Suite struct BannedSpellingTests {
    struct Ban {
        let pattern: String
        let instead: String
        /// The only files that may.
        var except: [String] = []
    }

    static let bans = [
        Ban(pattern: "\\btry!", instead: "`try`, or `precondition` with the reason"),
        Ban(pattern: "\\bfatalError\\(", instead: "`preconditionFailure` with the offending value"),
        Ban(pattern: "\\bDispatchQueue\\.global", instead: "a serial queue of one's own"),
        Ban(pattern: "attributes: *\\.concurrent", instead: "serial queues: others starve"),
        Ban(pattern: "\\bThread\\.sleep", instead: "a timer, with the time as an argument"),
        Ban(
            pattern: "(?<![.\\w])(u|nano)?sleep\\(",
            instead: "a timer, with the time as an argument"),
        Ban(pattern: "\\bDate\\(\\)", instead: "`TimeSource`"),
        Ban(pattern: "\\bMutex[<(]", instead: "a serial queue, or a lock on `pthread_mutex_t`"),
        Ban(pattern: "\\.random\\(in: [^,]*\\)$", instead: "`using:` a seeded generator"),
        Ban(
            pattern: "(?<![.\\w])print\\(", instead: "`Console`",
            except: ["Sources/dynaferry/Console/Console.swift"]),
        Ban(
            pattern: "(?<![.\\w])_?exit\\(", instead: "an error that is thrown, or an `ExitCode`",
            except: ["Sources/dynaferry/Dynaferry.swift"]),
    ]

    @Test func `sources use no banned spelling`() {
        let breaches = SourceTree.sources.flatMap { file in
            let bans = Self.bans.filter { !$0.except.contains(file.path) }
            return file.breaches { line in
                bans.first { line.code.matches($0.pattern) }.map { "instead: \($0.instead)" }
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test(arguments: [
        "let x = try! read()", "    fatalError(\"no\")", "DispatchQueue.global().async {",
        "usleep(100)", "sleep(2)", "let now = Date()", "print(error)", "exit(1)", "_exit(0)",
        "let lock = Mutex(0)", "let n = Int.random(in: 0..<4)",
    ])
    func `what is banned is found`(line: String) {
        #expect(Self.bans.contains { line.code.matches($0.pattern) })
    }

    @Test(arguments: [
        "let x = try read()", "// never print(x) here", "console.print(text)", "onexit(1)",
        "Int.random(in: 0..<4, using: &generator)", "preconditionFailure(\"no\")",
    ])
    func `what is allowed is not`(line: String) {
        #expect(!Self.bans.contains { line.code.matches($0.pattern) })
    }

    @Test func `no file is named for nothing`() {
        let names = ["Util", "Helper", "Manager", "Common", "Misc"]
        for file in SourceTree.sources {
            let name = file.path.split(separator: "/").last ?? ""
            #expect(
                !names.contains { name.contains($0) }, "\(file.path): name it for the idea it holds"
            )
        }
    }
}
