import Testing

/// What the compiler's own check of imports (`scripts/test.sh` builds with it) does not tell.
@Suite struct ImportTests {
    /// Server and client are held against software that others wrote; a server that shared the
    /// client's requests would agree with its mistakes.
    @Test func `the embedded server and the client know nothing of each other`() {
        let client: Set = ["AWS", "DynamoDB", "S3", "Flow", "Connectors", "Jobs", "Transfer"]
        let server: Set = ["HTTPServer", "LocalAWS"]
        let breaches = SourceTree.sources.flatMap { file -> [Breach] in
            let target = file.target ?? ""
            let others = client.contains(target) ? server : server.contains(target) ? client : []
            return file.breaches { line in
                guard let module = Self.module(line), others.contains(module) else { return nil }
                return "\(target) may not import \(module): they share no request code"
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `sources do without Foundation`() {
        let breaches = SourceTree.sources.flatMap { file in
            file.breaches { line in
                Self.module(line)?.hasPrefix("Foundation") == true
                    ? "use Glibc, Dispatch and System" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `each C module is imported by one file of a target`() {
        var files: [String: [String]] = [:]
        for file in SourceTree.sources {
            for module in Set(file.lines.compactMap(Self.module)) where Self.isC(module) {
                files["\(module) in \(file.target ?? "")", default: []].append(file.path)
            }
        }
        for (use, paths) in files {
            #expect(paths.count == 1, "\(use): wrap it in one file, not \(paths.sorted())")
        }
    }

    @Test func `a C module is told from a Swift one`() {
        #expect(Self.isC("CCurl"))
        #expect(!Self.isC("JSON"))
        #expect(Self.module("@testable import JSON") == "JSON")
        #expect(Self.module("import struct Foundation.Data") == "Foundation")
        #expect(Self.module("    important = 4") == nil)
    }

    private static func isC(_ module: String) -> Bool { module.matches("^C[A-Z]") }

    private static func module(_ line: String) -> String? {
        let words = line.split(separator: " ").map(String.init)
        guard let word = words.firstIndex(of: "import"), words[..<word].allSatisfy(isModifier),
            let name = words.dropFirst(word + 1).first(where: { !kinds.contains($0) })
        else { return nil }
        return String(name.prefix { $0 != "." })
    }

    private static func isModifier(_ word: String) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "private"].contains(word)
    }

    private static let kinds = ["struct", "class", "enum", "func", "var", "let", "typealias"]
}

extension [Breach] {
    var text: String { "\n" + map(\.description).joined(separator: "\n") }
}
