import Foundation
import Testing

/// The README is read to its end: it is short, and so are its sentences.
@Suite struct ReadmeTests {
    static let bytesMax = 7 << 10
    static let medianWordsMax = 14

    private static let text =
        SourceTree.files.first { $0.path == "README.md" }?.lines.joined(separator: "\n") ?? ""

    @Test func `it has at most 7 KB`() {
        let bytes = Self.text.utf8.count
        #expect(bytes > 0 && bytes <= Self.bytesMax, "\(bytes) bytes: move something to the guide")
    }

    @Test func `half of its sentences have at most 14 words`() {
        let sentences = Sentences.of(Self.text)
        let counts = sentences.map(\.count).sorted()
        #expect(counts.count > 20)
        let median = counts.isEmpty ? 0 : counts[counts.count / 2]
        let longest = (sentences.max { $0.count < $1.count } ?? []).joined(separator: " ")
        #expect(
            median <= Self.medianWordsMax,
            "the median has \(median) words, the longest is: \(longest)"
        )
    }

    @Test func `headings, tables and code are no sentences, and items of lists are`() {
        let text = """
            # A title

            One two three. Four [five six](a.md), 7.5
            seven!

            | a | b |
            |---|---|
            - **Eight.** Nine ten
            - eleven `a. b`

            ```sh
            no sentence. at all.
            ```
            Twelve?
            """
        #expect(
            Sentences.of(text) == [
                ["One", "two", "three"], ["Four", "five", "six,", "7.5", "seven"], ["Eight"],
                ["Nine", "ten"], ["eleven", "`a.", "b`"], ["Twelve"],
            ])
    }
}

/// The prose of a page in Markdown.
private enum Sentences {
    /// Each as its words, without the mark that ends it.
    static func of(_ text: String) -> [[String]] {
        paragraphs(text).flatMap(sentences)
    }

    private static func paragraphs(_ text: String) -> [String] {
        var paragraphs = [""]
        var isCode = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("```") { isCode.toggle() }
            let isProse = !isCode && !["```", "#", "|"].contains { line.hasPrefix($0) }
            if !isProse || line.isEmpty || line.hasPrefix("- ") { paragraphs.append("") }
            guard isProse else { continue }
            paragraphs[paragraphs.count - 1] +=
                " " + (line.hasPrefix("- ") ? line.dropFirst(2) : line)
        }
        return paragraphs
    }

    private static func sentences(_ paragraph: String) -> [[String]] {
        let plain = paragraph.replacing(#/\[([^\]]*)\]\([^)]*\)/#) { $0.1 }.replacing(
            "**", with: "")
        var sentences: [[String]] = [[]]
        var isQuoted = false
        for word in plain.split(separator: " ").map(String.init) {
            let quotes = word.count { $0 == "`" }
            if quotes % 2 == 1 { isQuoted.toggle() }
            let ends = !isQuoted && [".", "!", "?", ":"].contains { word.hasSuffix($0) }
            sentences[sentences.count - 1].append(ends ? String(word.dropLast()) : word)
            if ends { sentences.append([]) }
        }
        return sentences.filter { !$0.isEmpty }
    }
}
