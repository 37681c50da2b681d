import Foundation

/// The files of the package, as the rules see them.
struct SourceTree {
    struct File {
        /// From the package's root: `Sources/JSON/JSON.swift`.
        let path: String
        let lines: [String]

        var isSwift: Bool { path.hasSuffix(".swift") }
        var isSource: Bool { path.hasPrefix("Sources/") && isSwift }
        /// `JSON` of `Sources/JSON/JSON.swift`; nil outside of a target.
        var target: String? {
            let parts = path.split(separator: "/")
            guard parts.count > 2, ["Sources", "Tests"].contains(parts[0]) else { return nil }
            return String(parts[1])
        }
    }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Everything that is kept in the package; what is built from it and results are not.
    static let files: [File] = {
        let tops = [
            "Package.swift", "README.md", "Sources", "Tests", "scripts", ".ci", "Benchmarks",
            "docs",
        ]
        let paths = tops.flatMap { contents(of: $0) }.sorted()
        return paths.compactMap { path in
            // Whatever is not text has no lines to check.
            guard let data = try? Data(contentsOf: root.appendingPathComponent(path)),
                let text = String(data: data, encoding: .utf8)
            else { return nil }
            return File(path: path, lines: text.components(separatedBy: "\n"))
        }
    }()

    static let sources = files.filter(\.isSource)
    static let swift = files.filter(\.isSwift)

    /// The path itself, or those of all files below it.
    private static func contents(of path: String) -> [String] {
        let url = root.appendingPathComponent(path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            return []
        }
        guard isFolder.boolValue else { return [path] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.filter { !$0.hasPrefix(".build") }.flatMap { contents(of: "\(path)/\($0)") }
    }
}

/// One line that breaks a rule, and what to do about it.
struct Breach: CustomStringConvertible {
    let file: String
    let line: Int
    let advice: String

    var description: String { "\(file):\(line): \(advice)" }
}

extension SourceTree.File {
    /// A breach for each line on which `advice` has something to say.
    func breaches(_ advice: (String) -> String?) -> [Breach] {
        lines.enumerated().compactMap { index, line in
            advice(line).map { Breach(file: path, line: index + 1, advice: $0) }
        }
    }
}

extension String {
    /// The line without its comment. A `//` inside of a string (an address) is not one: it follows
    /// a colon.
    var code: String {
        guard let comment = range(of: "(^|[^:])//", options: .regularExpression) else {
            return self
        }
        return String(self[..<comment.lowerBound])
    }

    var indentation: Int { prefix { $0 == " " }.count }
    var isBlank: Bool { allSatisfy { $0 == " " } }
    func matches(_ pattern: String) -> Bool {
        range(of: pattern, options: .regularExpression) != nil
    }
}
