import Testing

/// Counts that people read: `1 item`, not `1 items`.
@Suite struct CountTests {
    /// A count in front of a noun in the plural. Preconditions are read by nobody but us.
    static let pattern =
        "\\\\\\([^\"]*\\) (target |dead |sampled )?"
        + "(bytes|characters|copies|days|differences|exports|files|items|jobs|keys|letters|lines"
        + "|minutes|operands|requests|runs|scans|segments|stars|tables|tags|writes)"
        + "\\b(?! a second|/s)"

    private static func isForPeople(_ line: String) -> Bool {
        !line.contains("precondition") && !line.contains("counted(")
    }

    @Test func `each count in a message is put together by one helper`() {
        let breaches = SourceTree.sources.filter { $0.target != "LocalAWS" }.flatMap { file in
            file.breaches { line in
                Self.isForPeople(line) && line.code.matches(Self.pattern)
                    ? "Int.counted, which knows singular and plural" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    @Test(arguments: [
        "note(\"\\(count) items are left\")", "\"\\(tables.count.grouped) tables\"",
        "\"has \\(bytes.count) bytes\"", "\"\\(stars) stars\"",
    ])
    func `a count in front of a plural is found`(line: String) {
        #expect(Self.isForPeople(line) && line.code.matches(Self.pattern))
    }

    @Test(arguments: [
        "\"\\(count.counted(\"item\"))\"", "precondition(n > 0, \"there are no \\(n) bytes\")",
        "\"\\(name) is a table\"",
    ])
    func `what is no count is not`(line: String) {
        #expect(!Self.isForPeople(line) || !line.code.matches(Self.pattern))
    }
}

/// Errors end up in front of people.
@Suite struct ErrorTextTests {
    /// Never shown: turned into another error where they are thrown.
    static let inner: Set = [
        "FieldDefect", "HTTPRefusal", "Taken", "Stopped", "Failure", "CheckEnded", "Refusal",
        "UpdateFailure", "RewriteFailure", "ReplyDefect", "Defect",
    ]

    @Test func `each error has words of its own`() {
        let breaches = SourceTree.sources.filter { $0.target != "LocalAWS" }.flatMap { file in
            file.breaches { line in
                guard line.code.matches("(struct|enum) [A-Za-z]+: .*\\bError\\b") else {
                    return nil
                }
                let name =
                    line.split { " :".contains($0) }.drop { $0 != "struct" && $0 != "enum" }
                    .dropFirst().first.map(String.init) ?? ""
                return line.contains("CustomStringConvertible") || Self.inner.contains(name)
                    ? nil : "CustomStringConvertible, or it is shown as Swift prints its members"
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }
}
