import CommandLine
import Connectors
import DynamoModel

extension CopyArguments {
    package static let condition = ValueKind<String>.text("CONDITION", expected: "a condition")
    private static let changes = ValueKind<String>.text(
        "CHANGES", expected: "NAME = VALUE, with commas between several")
    private static let paths = ValueKind<String>.text(
        "PATHS", expected: "names, with commas between several")

    package static var fractionOption: Option<Self> {
        Option(
            "--fraction", .percentage, \.transform.fraction, in: .reading, default: "all items",
            """
            Copy only the items of N% of the partition keys: the same keys of every table, this \
            time and the next.
            """
        ).perTable
    }

    package static var keysOption: Option<Self> {
        Option(
            "--keys", .file, \.transform.keysFile, in: .reading, default: "all items",
            """
            Copy only the items whose keys a file lists, the key attributes of one in each line: \
            {"pk":{"S":"a"},"sk":{"N":"1"}}. They are read by BatchGetItem, consistently, not by a \
            Scan. Keys that the source does not have are counted, and the exit code is 3.
            """
        ).perTable
    }

    package static var whereOption: Option<Self> {
        Option(
            "--where", condition, \.transform.texts.wanted, in: .reading, default: "all items",
            """
            Copy only items that satisfy a condition of DynamoDB's, with its values in place: \
            "country = 'CN' AND attribute_exists(email)". An = on the partition key makes a \
            Query, which reads that key alone; else every item is read.
            """
        ).perTable
    }

    /// - Parameter now: what `now()` is by default.
    package static func changeOptions(now: String) -> [Option<Self>] {
        [
            Option(
                "--set", changes, \.transform.texts.set, in: .changes, default: "nothing",
                """
                Set attributes, or places in maps and lists, to values that are computed of the \
                item as it was read: "email = hash(email) || '@example.com', n = n + 1". What has \
                no value is removed.
                """
            ).perTable,
            Option(
                "--remove", paths, \.transform.texts.remove, in: .changes, default: "nothing",
                """
                Remove attributes, or places in maps and lists: "ssn, cards[*].cvv, notes.*".
                """
            ).perTable,
            Option(
                "--rules", .file, \.transform.rulesFile, in: .changes, default: "none",
                """
                File that says, for each table, which places of its items are kept, removed, \
                hashed, masked or set; what it does not name is refused. What is hidden is also \
                searched for in all that is kept.
                """
            ).perTable,
            Option(
                "--through", .text("COMMAND", expected: "a command"), \.transform.through,
                in: .changes, default: "no program",
                """
                Have items go through a program, one in each line of its input, as DynamoDB's \
                JSON: {"pk":{"S":"a"}}. For each it gives one line: an item, null for none, or a \
                list of items. A shell runs it, without the AWS variables.
                """
            ).perTable,
            Option(
                "--through-jobs", .integer(1...64), \.transform.throughJobs, in: .changes,
                default: "1", "Processes of that program at a time."
            ).perTable,
            Option(
                "--through-timeout", .duration, \.transform.throughTimeout, in: .changes,
                default: "1m",
                "The run fails when that program reads and writes nothing for so long."
            ).perTable,
            Option(
                "--on-error", .choice, \.transform.onFailure, in: .changes,
                """
                What happens to an item that can't be changed so, as when text is added to a \
                number: it becomes a dead letter, is left out, is kept as it was read, or the run \
                fails.
                """
            ).perTable,
            Option(
                "--secret-file", .file, \.transform.secretFile, in: .changes, default: "none",
                """
                File with the secret, of 16 bytes at least, that hash() hashes with: values that \
                are equal have equal hashes, in every table and every run with this secret.
                """
            ).perTable,
            Option(
                "--now", .integer(0...Self.nowMax, name: "SECONDS"), \.transform.now, in: .changes,
                default: now, "What now() is, in seconds since 1970."
            ).perTable,
        ]
    }

    /// In the year 9999.
    private static let nowMax = 253_402_300_799

    /// Of some tables only items whose keys are listed are copied.
    package var listsKeys: Bool {
        ([self] + entries.map(\.arguments)).contains { $0.transform.keysFile != nil }
    }

    private func validateKeys() throws(UsageError) {
        guard listsKeys else { return }
        if filesSide == .source {
            throw UsageError(
                "--keys reads a table, but the source is files",
                hints: ["choose by a condition: --where"])
        }
        if verifies || onlyChanged {
            throw UsageError(
                "--keys copies some items, but \(verifies ? "--verify" : "--only-changed") compares"
                    + " whole tables",
                hints: ["leave one of them out"])
        }
        if segments != nil {
            throw UsageError(
                "--segments are of a Scan, but --keys reads by keys",
                hints: ["leave --segments out"])
        }
    }

    /// Refuses expressions that can't be read, of all tables and of each.
    package func validateTransforms(hasJob: Bool = true) throws(UsageError) {
        for arguments in [self] + entries.map(\.arguments) {
            try arguments.transform.check(hasJob: hasJob)
        }
        try validateKeys()
        if schemaOnly, !transform.isNone {
            throw UsageError(
                "--where, --set and the like are about items, but --schema-only copies none",
                hints: ["leave one of them out"])
        }
    }
}
