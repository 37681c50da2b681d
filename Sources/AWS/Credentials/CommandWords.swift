/// A command line cut into words as a shell would, without running one: quotes and backslashes as
/// POSIX has them ("Shell Command Language", Quoting); nothing is expanded.
enum CommandWords {
    /// Nil when a quote is not closed, or the last backslash has nothing after it.
    static func split(_ line: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            switch (quote, character) {
            case (nil, "'"), (nil, "\""):
                quote = character
                word = word ?? ""
            case (let open?, _) where open == character: quote = nil
            case (nil, "\\"):
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            case ("\"", "\\"):
                // Inside of double quotes a backslash quotes only these; elsewhere it is itself.
                guard let next = rest.first else { return nil }
                if next == "\"" || next == "\\" {
                    rest.removeFirst()
                    word?.append(next)
                } else {
                    word?.append("\\")
                }
            case (nil, _) where character.isWhitespace:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}
