import CommandLine
import LocalAWS
import Status
import Transfer

/// What `dynaferry demo` was asked to show.
package struct DemoArguments: CommandArguments, Equatable {
    package var items = 380_218
    /// A whole stage of tables instead of one.
    package var migration = false
    /// By way of a bucket of the server's.
    package var viaFiles = false
    /// The same, by the service's own exports and imports.
    package var viaS3 = false
    package var seed: UInt64 = 1
    /// nil: what is usual for what is copied.
    package var memory: Int?
    package var readUnits: RateSpec?
    package var writeUnits: RateSpec?
    package var faults: FaultPlan?
    package var progress = ProgressMode.auto
    package var colour = ColourChoice.auto
    package var report: String?

    package init() {}
}

extension DemoArguments {
    package static let name = "demo"
    package static let summary = "Copy generated items on a server of its own."

    /// The table that is filled, and the one that the copy makes of it.
    package static let source = "acme-staging-transactions"
    package static let target = "acme-transactions-dev"

    package static let about = [
        """
        Starts dynaferry's own server on loopback, fills the table \(source) with generated items \
        of about 400 bytes, copies it into the new table \(target), compares both item by item and \
        prints a report. Nothing leaves the machine and no AWS account is needed.
        """,
        """
        With --migration it does so with a whole stage of tables, in one command. With \
        --via-files it does so in two, by way of a bucket on the same server: tables to files, \
        and files to tables. With --via-s3 the server exports and imports the tables by itself.
        """,
    ]

    package static let operands: [Operand<Self>] = []

    package static var options: [Option<Self>] {
        [
            Option(
                "--items", .integer(0...100_000_000), \.items, in: .work,
                """
                Items to generate, in the largest table. The server keeps them, and their copies, \
                in memory.
                """),
            Option(
                flag: "--migration", \.migration, in: .work,
                """
                Copy 19 of 31 tables as one job, each under another name, instead of one table: \
                459,402 items in all.
                """),
            Option(
                flag: "--via-files", \.viaFiles, in: .work,
                "Export into a bucket first, and make the new table of the files."),
            Option(
                flag: "--via-s3", \.viaS3, in: .work,
                "Have DynamoDB export the tables into a bucket, and make the new ones of that."),
            Option(
                "--seed", .seed, \.seed, in: .work,
                "Decides the items and the faults; the same seed gives the same ones."),
            Option(
                "--faults", .faults, \.faults, in: .work, default: "none",
                "Let the server misbehave: see dynaferry serve --help."),
            Option(
                "--memory", .bytes, \.memory, in: .pace,
                default: ValueKind<Int>.bytes.show(CopyOptions.memoryUsual) + ", more for files",
                "Memory for items on their way."),
            Option(
                "--read-units", .units, \.readUnits, in: .pace, default: "no limit",
                "Read at most N units a second."),
            Option(
                "--write-units", .units, \.writeUnits, in: .pace, default: "no limit",
                "Write at most N units a second."),
            Option(
                "--progress", .choice, \.progress, in: .output,
                "How to show progress on stderr: see dynaferry copy --help."),
            .colour(\.colour),
            Option(
                "--report", .file, \.report, in: .output, default: "none",
                "Write the report of the copy, of the last one, \(ReportPath.help)"),
        ]
    }

    package static let examples = [
        Note("dynaferry demo", "The whole job:"),
        Note("dynaferry demo --migration", "A whole stage:"),
        Note("dynaferry demo --via-files", "By way of a bucket:"),
        Note("dynaferry demo --migration --via-s3", "As DynamoDB's own exports and imports do it:"),
        Note(
            "dynaferry demo --items 50000 --faults error=0.05,throttle=0.1,unprocessed=0.3",
            "A small one, on a server that fails now and then:"),
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Copied, and both tables are equal."),
        Note(.failure, "Failed; the last lines say why."),
        Note(.usage, "Wrong usage."),
        Note(.differs, "Copied, but with dead letters, or the tables differ."),
        Note(.interrupted, "Interrupted."),
    ]

    package static let environment = [
        Note("NO_COLOR", "When set, no colours on the terminal.")
    ]

    package func validate() throws(UsageError) {
        if viaS3, viaFiles {
            throw UsageError(
                "--via-s3 and --via-files are two ways", hints: ["leave one of them out"])
        }
        // The server's tables are on demand: there is nothing to take a share of.
        for (option, limit) in [("--read-units", readUnits), ("--write-units", writeUnits)] {
            if case .percent = limit {
                throw UsageError("\(option) takes no percentage here", hints: ["write \(option) N"])
            }
        }
    }
}
