import Foundation
import Testing

/// How the house is built: its settings, its sizes, and that nothing stands in it twice.
@Suite struct HouseTests {
    @Test func `no target has settings of its own for the compiler`() throws {
        let manifest = try #require(SourceTree.files.first { $0.path == "Package.swift" })
        let breaches = manifest.breaches { line in
            line.matches("(swift|c|cxx|linker)Settings|unsafeFlags")
                ? "SwiftPM's own settings: no others save an instruction" : nil
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test func `no target but the embedded server has more than 9,000 lines`() {
        let lines = Dictionary(
            SourceTree.sources.map { ($0.target ?? "", $0.lines.count) }, uniquingKeysWith: +)
        for (target, count) in lines where target != "LocalAWS" {
            #expect(count <= 9_000, "\(target) has \(count) lines: take out what can stand alone")
        }
    }

    /// Goal: what two targets need stands in one that both import.
    /// Method: any 13 lines in a row, without blanks, comments and imports, that stand in two
    /// targets.
    @Test func `no more than 12 equal lines stand in two targets`() {
        var places: [[String]: (target: String, path: String, line: Int)] = [:]
        for file in SourceTree.sources {
            let lines = file.lines.enumerated().map { ($0 + 1, $1.code.trimmed) }.filter {
                $1.count > 2 && !$1.hasPrefix("import ") && !$1.hasPrefix("@testable")
            }
            for start in lines.indices.dropLast(12) {
                let run = lines[start...start + 12].map(\.1)
                let place = (file.target ?? "", file.path, lines[start].0)
                if let first = places[run] {
                    #expect(
                        first.target == place.0,
                        "\(place.1):\(place.2) stands in \(first.path):\(first.line) too")
                } else {
                    places[run] = place
                }
            }
        }
    }

    /// `scripts/test.sh` finds them by the names of their files.
    @Test func `suites that look at the clock stand in files of their names, one after another`() {
        let timed = SourceTree.files.filter { file in
            file.path.hasPrefix("Tests/") && file.path.hasSuffix("Tests.swift")
                && file.lines.contains { $0.contains(".tags(.time" + "Bound)") }
        }
        #expect(timed.count >= 5)
        for file in timed {
            let name = file.path.split(separator: "/").last?.dropLast(6) ?? ""
            let text = file.lines.joined(separator: "\n")
            #expect(text.contains("struct \(name)"), "\(file.path)")
            #expect(text.contains(".serialized"), "\(file.path)")
        }
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
