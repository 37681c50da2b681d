import Testing

/// What a server, a file or a user says is data: it is converted once, with a range, and is never a
/// precondition.
@Suite struct OutsideValueTests {
    /// What reads replies, files and command lines. `precondition` has no place there: what makes
    /// no sense is thrown.
    static let readers = [
        "Sources/DynamoDB/", "Sources/DynamoModel/Replies/", "Sources/DynamoModel/Tables/",
        "Sources/AWS/Client/Client", "Sources/AWS/Client/Reply", "Sources/AWS/AWSError",
        "Sources/AWS/Credentials/", "Sources/AWS/Endpoints/", "Sources/AWS/Identity/XML",
        "Sources/AWS/REST/", "Sources/S3/", "Sources/System/XML/",
        "Sources/JSON/JSONReader", "Sources/JSON/LocatedJSON", "Sources/Jobs/",
        "Sources/Transfer/Job/",
        "Sources/Arguments/Config", "Sources/CommandLine/Options/ValueKind",
        "Sources/LocalAWS/S3/",
    ]

    @Test func `what reads from outside has no preconditions`() {
        let traps = "\\b(precondition|preconditionFailure|assert|fatalError)\\(|\\bas! |\\btry! "
        let breaches = SourceTree.sources.flatMap { file in
            let reads = Self.readers.contains { file.path.hasPrefix($0) }
            return file.breaches { line in
                reads && line.code.matches(traps) ? "throw, and name what makes no sense" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    /// Where texts become numbers: elsewhere `CheckedNumber` does it.
    static let conversions: Set = [
        "Sources/System/Numbers/CheckedNumber.swift", "Sources/System/Time/CivilTime.swift",
        // Of two digits each, in hexadecimal or a port: with a range of its own.
        "Sources/AWS/Endpoints/EndpointURL.swift",
        "Sources/HTTPServer/ChunkedBody.swift", "Sources/LocalAWS/S3/Checks/AWSChunkedBody.swift",
        "Sources/CommandLine/Options/ValueKind.swift",
        "Sources/Arguments/StopTime.swift", "Sources/dynaferry/Report/ProcessUsage.swift",
        "Sources/DynamoModel/Expressions/ExpressionParser.swift",
    ]

    @Test func `texts become numbers in one place, with a range`() {
        let pattern =
            "\\b(Int|Double|Float|U?Int(8|16|32|64))\\("
            + "((text|word|digits|pair|match|port|line|part)\\b(?!\\[|\\.utf8)|String\\()"
        let breaches = SourceTree.sources.flatMap { file in
            file.breaches { line in
                line.code.matches(pattern) && !Self.conversions.contains(file.path)
                    ? "CheckedNumber, with the range that makes sense here" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }

    /// The compiler warns of each conversion of a floating-point number that may trap, and warnings
    /// fail the tests: in each file that imports `System`, whose declarations stand before Swift's.
    @Test func `files that convert to whole numbers import what the compiler checks it by`() {
        let breaches = SourceTree.sources.filter { $0.target != "System" }.flatMap { file in
            let imports = file.lines.contains("import System")
            return file.breaches { line in
                !imports && line.code.matches("\\b(Int|Int32|Int64|UInt64)\\([^)]")
                    ? "import System, or the compiler does not check this conversion" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
        let checks = SourceTree.sources.first { $0.path.hasSuffix("Int+Clamping.swift") }
        let deprecated = checks?.lines.filter { $0.contains("@available(*, deprecated") } ?? []
        #expect(deprecated.count == 4)
    }

    @Test func `counts that come from outside are not summed unchecked`() {
        let pattern = "reduce\\(0\\) \\{ \\$0 \\+ \\$1\\.(items|bytes|itemsDone|itemsEstimated)"
        let readers = [
            "Sources/Jobs/", "Sources/Transfer/", "Sources/dynaferry/", "Sources/Arguments/",
            "Sources/Flow/",
        ]
        let breaches = SourceTree.sources.flatMap { file in
            file.breaches { line in
                readers.contains { file.path.hasPrefix($0) } && line.code.matches(pattern)
                    ? "clampedSum" : nil
            }
        }
        #expect(breaches.isEmpty, "\(breaches.text)")
    }
}
