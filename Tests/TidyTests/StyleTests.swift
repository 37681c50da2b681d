import Foundation
import Testing

/// The rules of the house that a machine can check.
@Suite struct StyleTests {
    static let columnsMax = 100
    static let functionLinesMax = 70
    static let fileLinesMax = 500

    @Test func `lines have at most 100 columns`() {
        let files = SourceTree.files.filter { $0.isSwift || $0.path.hasSuffix(".sh") }
        let breaches = files.flatMap { file in
            file.breaches {
                $0.count > Self.columnsMax ? "\($0.count) columns: break the line" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `files have at most 500 lines`() {
        for file in SourceTree.swift {
            #expect(
                file.lines.count <= Self.fileLinesMax + 1,
                "\(file.path): \(file.lines.count) lines: one idea a file")
        }
    }

    @Test func `functions have at most 70 lines`() {
        let breaches = SourceTree.swift.flatMap { file in
            FunctionLengths.all(file.lines).filter { $0.count > Self.functionLinesMax }.map {
                Breach(
                    file: file.path, line: $0.line,
                    advice: "a function of \($0.count) lines: give its parts names")
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `the length of a function is from its first line to its brace`() {
        let lines = [
            "struct A {", "    func short() {", "    }", "", "    init(", "        b: Int",
            "    ) throws {", "        if b > 0 {", "        }", "    }", "",
            "    func inline() {}",
            "    var tail: Int {", "        1", "    }", "}",
        ]
        let lengths = FunctionLengths.all(lines)
        #expect(lengths.map(\.line) == [2, 5, 13])
        #expect(lengths.map(\.count) == [2, 6, 3])
    }

    @Test func `every unchecked Sendable has its reason on the next line`() {
        let breaches = SourceTree.sources.flatMap { file -> [Breach] in
            let marked = file.lines.indices.filter {
                file.lines[$0].code.contains("@unchecked Sendable")
            }
            return marked.compactMap { index -> Breach? in
                let opening = file.lines[index...].firstIndex { $0.code.hasSuffix("{") } ?? index
                let next = file.lines.dropFirst(opening + 1).first ?? ""
                if next.drop(while: { $0 == " " }).hasPrefix("//") { return nil }
                return Breach(
                    file: file.path, line: index + 1,
                    advice: "say on the next line, in a comment, why this is safe")
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `nothing is left to be done`() {
        // In two halves, so that this file does not break its own rule.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].joined(separator: "|")
        let breaches = SourceTree.files.flatMap { file in
            file.breaches { line in
                line.matches("\\b(\(marks))\\b") ? "do it, or say it in an issue" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `no file knows the machine that it was written on`() {
        let paths = ["/wo" + "rk/", "/tmp/" + "wt", "/ro" + "ot/", "/ho" + "me/"]
        let breaches = SourceTree.files.flatMap { file in
            file.breaches { line in
                paths.contains { line.contains($0) }
                    ? "a path of one machine: make it relative" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `the suites that the README and the guide name are there`() {
        var suites = Set(
            SourceTree.files.flatMap(\.lines).compactMap { line in
                line.firstMatch(of: /struct ([A-Za-z]+Tests)\b/).map { String($0.1) }
            })
        // Or all those of a folder.
        suites.formUnion(
            SourceTree.files.compactMap { $0.path.split(separator: "/").dropFirst().first }
                .map(String.init))
        let pages = SourceTree.files.filter {
            $0.path == "README.md" || $0.path.contains(".docc/")
        }
        let named = pages.flatMap(\.lines).flatMap { line in
            line.matches(of: /`([A-Za-z]+Tests)`/).map { String($0.1) }
        }
        #expect(named.count > 10)
        for name in named { #expect(suites.contains(name), "there is no suite \(name)") }
    }

    @Test func `the links of the README lead to files`() throws {
        let readme = SourceTree.files.first { $0.path == "README.md" }
        let pattern = try NSRegularExpression(pattern: "\\]\\(([^)#\\s]+)")
        for line in readme?.lines ?? [] {
            let whole = NSRange(line.startIndex..., in: line)
            for match in pattern.matches(in: line, range: whole) {
                guard let range = Range(match.range(at: 1), in: line) else { continue }
                let link = String(line[range])
                if link.contains("://") { continue }
                let path = SourceTree.root.appendingPathComponent(link).path
                #expect(FileManager.default.fileExists(atPath: path), "README.md links to \(link)")
            }
        }
    }
}

/// Finds functions by their indentation, which the formatter keeps honest.
enum FunctionLengths {
    static func all(_ lines: [String]) -> [(line: Int, count: Int)] {
        lines.indices.compactMap { start in
            guard isHead(lines[start].code) else { return nil }
            return end(of: start, lines).map { (start + 1, $0 - start + 1) }
        }
    }

    private static func isHead(_ line: String) -> Bool {
        if line.hasSuffix("}") { return false }
        return line.matches("^ *([a-z@][A-Za-z@()]* )*(func |init[?(<]|deinit |subscript[(<])")
            || line.matches("^ *([a-z@][A-Za-z@()]* )*var .*\\{$")
    }

    /// The line of the closing brace; nil for a declaration without a body.
    private static func end(of start: Int, _ lines: [String]) -> Int? {
        let indentation = lines[start].indentation
        for index in lines.indices.dropFirst(start + 1) where !lines[index].isBlank {
            let line = lines[index]
            if line.indentation > indentation || line.hasPrefix("#") { continue }
            let text = line.dropFirst(indentation)
            if line.indentation == indentation, text.hasPrefix("}") { return index }
            // The rest of a head that takes several lines.
            let goesOn = text.hasPrefix(")") || text.hasPrefix("where ") || text.hasPrefix("{")
            guard line.indentation == indentation, goesOn else { return nil }
        }
        return nil
    }
}
