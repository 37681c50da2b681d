import Testing

/// The house stands only while each target imports nothing but what lies below it.
@Suite struct ImportTests {
    /// What every target of ours may import besides: the toolchain, but no Foundation.
    static let common: Set<String> = ["Glibc", "Dispatch", "Synchronization"]

    /// The targets in their order, each with what it may import.
    static let allowed: [String: Set<String>] = [
        "JSON": [],
        "Pacing": [],
        "ItemBytes": ["JSON", "CBytes"],
        "DynamoModel": ["JSON", "ItemBytes"],
        "AWS": ["JSON", "Pacing", "CCurl", "CZlib", "CDeflate", "CCrypto", "CLinux"],
        "Accounts": ["JSON", "Pacing", "AWS"],
        "DynamoDB": ["JSON", "ItemBytes", "DynamoModel", "AWS"],
        "Engine": ["JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "DynamoDB"],
        "Transfer": [
            "JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "DynamoDB", "Engine", "CSQLite",
        ],
        "LocalItems": [
            "JSON", "Pacing", "ItemBytes", "DynamoModel", "CZlib", "COpenSSL", "CLinux",
        ],
        "LocalDynamo": [
            "JSON", "Pacing", "ItemBytes", "DynamoModel", "LocalItems", "CCrypto", "COpenSSL",
        ],
        "dynaferry": [
            "JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "Accounts", "DynamoDB", "Engine",
            "Transfer", "LocalItems", "LocalDynamo", "CLinux",
        ],
    ]

    @Test func `targets import only what the design allows`() {
        var breaches: [Breach] = []
        for file in SourceTree.sources {
            guard let target = file.target, let allowed = Self.allowed[target] else {
                breaches.append(
                    Breach(
                        file: file.path, line: 1,
                        advice: "add the target to ImportTests.allowed, with what it may import"))
                continue
            }
            breaches += file.breaches { line in
                guard let module = Self.module(line), !Self.common.contains(module),
                    !allowed.contains(module)
                else { return nil }
                if module.hasPrefix("Foundation") {
                    return "\(module) is not for sources: use Glibc and Dispatch"
                }
                return "\(target) may not import \(module): move the code, not the border"
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
