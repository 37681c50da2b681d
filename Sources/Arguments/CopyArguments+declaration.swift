import CommandLine
import Jobs
import Status
import Transfer

extension CopyArguments {
    package static let name = "copy"
    package static let summary = "Copy tables: schema and settings, then every item."

    package static let about = [
        """
        Copies DynamoDB tables into others, in any account, region or endpoint: every item, byte \
        for byte. A pattern copies every table that it matches, each under the name that TARGET \
        makes of it. A target that does not exist is created with the source's keys, indexes and \
        billing mode; one that exists must have the same keys.
        """,
        """
        Each copy is a job, whose state is on disk: after an interruption, a crash or a failure \
        the same command resumes where it stopped. See dynaferry jobs --help.
        """,
        """
        The source is only ever read. Nothing is deleted from the target, and one that has items \
        is refused unless --merge is given. Memory stays within --memory whatever the table's size.
        """,
        """
        --config takes options from a file, JSON in which comments may stand: each by its name \
        without dashes, those of one side in the object "source" or "target" too. Its list \
        "tables" has names, patterns, or objects of "source", "target" and what holds for these \
        tables alone: \(perTable.formattedList(joinedBy: "or")). One file serves every command \
        that has this option.
        """,
    ]

    /// The keys that an entry of a file's tables may have.
    private static var perTable: [String] {
        options.filter { $0.description.filePlace == .table }.flatMap(\.description.names)
            .map { String($0.dropFirst(2)) }
    }

    package static var operands: [Operand<Self>] {
        [
            Operand(
                "SOURCE", .location, \.source,
                """
                Table to read: its name or its ARN; or a pattern of names, in which * matches \
                anything. What contains a / is a folder of exports: the one in it, or those of \
                tables whose names match the pattern behind its last /. - is stdin: lines of items.
                """),
            Operand(
                "TARGET", .location, \.target,
                """
                Table to write: its name or its ARN; what each * of SOURCE matches replaces its \
                own. What contains a / is a folder that an export is written into.
                """),
        ]
    }

    package static let options: [Option<Self>] =
        tableOptions + sideOptions + targetOptions + fileOptions + schemaOptions + paceOptions
        + jobOptions + readingOptions + changeOptions(now: "when the job began") + outputOptions

    private static var tableOptions: [Option<Self>] {
        [
            Option(
                "--config", .file, \.config, in: .tables, default: "none",
                """
                JSON file of options, and of tables in place of SOURCE and TARGET; - is stdin. \
                What is given here wins over the file, and the file over the environment.
                """
            ).once,
            Option(
                repeating: "--exclude", .pattern, \.excluded, in: .tables, default: "none",
                "Leave out tables of the source."),
            Option(
                repeating: "--rename", .renaming, \.renamings, in: .tables, default: "none",
                """
                Copy FROM as TO, whatever SOURCE and TARGET say; FROM need not match SOURCE. The \
                first that matches holds.
                """),
            Option(
                ["--tables", "--table-concurrency"], .integer(1...100), in: .tables,
                default:
                    "\(JobRecord.Kind.copy.widthUsual), and up to \(UnitTotals.widthMax) where else"
                    + " limits would not be used",
                """
                Copy N tables at a time, the smallest first; where limits ask for more, one of \
                them from the large end.
                """
            ) { arguments, _, value in arguments.tables = value },
            Option(
                flag: "--fail-fast", \.failFast, in: .tables,
                """
                Stop all tables when one fails. Without it the others go on, unless the failure \
                concerns every table.
                """),
        ]
    }

    private static var targetOptions: [Option<Self>] {
        [
            Option(
                "--merge", .choice, whenBare: .replace, \.merge, in: .target,
                """
                Write into a target that has items. replace: those of the same key are replaced, \
                all others stay. keep: all of the target's stay, and only items of other keys are \
                added; each is then a request by itself, and items in whose place there is one are \
                counted as kept, and charged for.
                """
            ).perTable,
            Option(
                flag: "--only-changed", \.onlyChanged, in: .target,
                """
                Compare both tables and write only what differs, as in a last run before the \
                cut-over: both are read, and write units are those of the differences. Means \
                --merge=replace; items that only the target has stay and are counted. A target \
                without items is simply copied into.
                """
            ),
            Option(
                "--dead-letters", .file, \.deadLetters, in: .target,
                default: "./dynaferry-dead-letters-TARGET.jsonl",
                """
                Where to put items that the target refuses for good, with the reason, one JSON \
                object a line. Written only when there is one; an existing file is left alone and \
                a number is appended to the name.
                """
            ).perTable,
            Option(
                "--max-dead-letters", .integer(0...1_000_000_000), \.maxDeadLetters, in: .target,
                "Give up when more items than this are refused."
            ).perTable,
            Option(
                flag: "--yes", \.yes, in: .target,
                """
                Copy into a target whose TTL or stream is on without asking: TTL deletes items \
                that have expired, and readers of the stream hear of every item.
                """),
        ]
    }

    private static var paceOptions: [Option<Self>] {
        [
            Option(
                "--read-units", .units, \.readUnits, in: .pace,
                default:
                    "50% of a provisioned source, no limit on an on-demand one; into files 50% of"
                    + " what its partitions take",
                """
                Read at most N units a second, or N% of what the source has. Lowered by itself \
                while the source throttles.
                """
            ).perTable,
            Option(
                "--write-units", .units, \.writeUnits, in: .pace,
                default: "100% of a provisioned target, on an on-demand one as fast as it takes",
                """
                Write at most N units a second, or N% of what the target has; the same for each \
                global index.
                """
            ).perTable,
            Option(
                "--total-read-units", .totalUnits, \.totalReadUnits, in: .pace, default: "no limit",
                "Read at most N units a second from all tables together; each keeps to its own too."
            ),
            Option(
                "--total-write-units", .totalUnits, \.totalWriteUnits, in: .pace,
                default: "no limit",
                """
                Write at most N units a second to all tables and their indexes together, shared \
                evenly among the tables that are copied; each keeps to its own limit too.
                """),
            Option(
                "--segments", .integer(1...1_000_000), \.segments, in: .pace,
                default: "by the table's size",
                "Scan the source in N equal ranges of its hash space."
            ).perTable,
            Option(
                "--scan-concurrency", .integer(1...10_000), \.scanConcurrency, in: .pace,
                default: "adapts", "Have at most N scans in flight."
            ).perTable,
            Option(
                "--write-concurrency", .integer(1...10_000), \.writeConcurrency, in: .pace,
                default: "adapts", "Have at most N writes in flight."
            ).perTable,
            Option(
                "--lanes", .integer(1...64), \.lanes, in: .pace,
                default: "one a core, four at most",
                """
                Have N threads carry requests; tables are dealt to them, so that several do not \
                wait for one core.
                """),
            Option(
                "--memory", .bytes, \.memory, in: .pace, default: Self.memoryText,
                """
                Memory for items on their way, pages and batches or files together, for each table.
                """
            ).perTable,
            Option(
                "--give-up-after", .duration, \.giveUpAfter, in: .pace,
                """
                Fail after this long without any progress, once both sides have answered. Before \
                that, failures end the run within seconds.
                """),
        ]
    }

    private static var memoryText: String {
        func text(_ bytes: Int) -> String { ValueKind<Int>.bytes.show(bytes) }
        return "\(text(CopyOptions.memoryUsual)); from files \(text(CopyOptions.memoryFromFiles)),"
            + " to files as much as four a core need, here \(text(ExportOptions.memoryUsual()))"
    }

    private static var jobOptions: [Option<Self>] {
        [
            Option(
                "--job", .jobID, \.job, in: .job,
                default: "found by what is copied, or the source's name and four digits",
                "The job's name: of a new one, or of the one to resume."),
            Option(
                flag: "--resume", \.resume, in: .job,
                "Go on with a job although it stopped more than 24 hours ago."
            ).once,
            Option(
                flag: "--restart", \.restart, in: .job,
                """
                Copy everything again, into the target that the unfinished job found empty or \
                made. Items deleted at the source meanwhile may remain there.
                """
            ).once,
            Option(
                "--stop-at", .stopTime, \.stopAt, in: .job, default: "never",
                """
                Stop at this time, as SIGINT does: the end of a maintenance window. The same \
                command resumes it.
                """),
            Option(
                "--max-cost", .decimal(0.0001...1_000_000, name: "USD"), \.maxCost, in: .job,
                default: "no limit",
                """
                Refuse a job that would cost more, by the plan's prices, and stop one that comes \
                to it; it counts over all runs of the job, so that resuming requires a higher one.
                """),
            Option(
                "--prices", .file, \.prices, in: .job, default: "prices of us-east-1",
                "JSON file of prices to use instead."),
            .stateFolder(\.stateFolder),
        ]
    }

    private static var readingOptions: [Option<Self>] {
        [
            whereOption, fractionOption, keysOption,
            Option(
                flag: "--skip-expired", \.skipExpired, in: .reading,
                """
                Leave out items that have expired by the source's time to live though the service \
                has not deleted them yet, and count them. As for the service, an item does not \
                expire whose time is no number, or is more than five years ago.
                """
            ).perTable,
            Option(
                flag: "--consistent-read", \.consistentRead, in: .reading,
                "Read with strong consistency, at twice the units."
            ).perTable,
            Option(
                flag: "--verify", \.verifies, in: .reading,
                """
                Compare what has arrived with what was read, before settings are set: the target \
                is read once for it, and what differs again on both sides. Items that changed \
                after they were read are counted separately, and are no differences.
                """
            ).perTable,
            Option(
                "--target-read-units", .units, \.targetReadUnits, in: .reading,
                default: "50% of a provisioned target, no limit on an on-demand one",
                """
                Read the target for --verify and --only-changed at most at N units a second, or \
                N% of what it has.
                """
            ).perTable,
            Option(
                flag: "--gzip", \.gzip, in: .reading,
                "Ask for compressed pages: less traffic, more CPU."),
        ]
    }

    private static var outputOptions: [Option<Self>] {
        [
            .progress(\.progress),
            .colour(\.colour),
            Option(
                "--report", .file, \.report, in: .output, default: "none",
                "Write the final report \(ReportPath.help)"),
            Option(
                flag: "--no-next-steps", \.leavesNextStepsOut, in: .output,
                "Leave out hints that need the endpoint: it ends with the copy."
            ).once.hidden,
            Option(
                "--log", .file, \.log, in: .output, default: "none",
                "Append each failed request and its request id to FILE. Never values of items."),
            .onFinish(\.onFinish),
        ]
    }

    package static let examples = [
        Note(
            "dynaferry copy Orders OrdersCopy --region eu-central-1",
            "Within one account and region, into a new table:"),
        Note(
            """
            dynaferry copy Orders Orders --target-role-arn arn:aws:iam::123456789012:role/copier \\
                --source-profile prod --region eu-central-1
            """,
            "Into another account, as a role of it:"),
        Note(
            """
            dynaferry copy Orders Orders --source-profile prod --target-profile dev \\
                --region eu-central-1 --write-units 500
            """,
            "Between accounts, writing at most 500 units a second:"),
        Note(
            """
            dynaferry copy 'acme-staging-*' 'acme-*-dev' --exclude '*-tmp' \\
                --source-region us-east-1 \\
                --target-region eu-central-1
            """,
            "Every table of a stage, renamed, into another region:"),
        Note(
            "dynaferry copy Orders OrdersCopy --region eu-central-1 --only-changed",
            "Again, near the cut-over: only what has changed since:"),
        Note("dynaferry copy --config migration.json", "As a file says, table by table:"),
        Note(
            "dynaferry copy Orders Orders --target-endpoint http://127.0.0.1:8000 --merge",
            "From AWS into a local server, replacing items that are there already:"),
    ]

    package static let usual = [
        "--region", "--profile", "--exclude", "--write-units", "--merge", "--only-changed",
        "--verify", "--read-units", "--config", "--report",
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Every item arrived."),
        Note(.failure, "Failed; the last lines say why."),
        Note(.usage, "Wrong usage; nothing was touched."),
        Note(
            .differs,
            """
            Finished, but some items are dead letters, --verify found differences, items changed \
            too often for --only-changed, or --strict-settings misses some.
            """
        ),
        Note(
            .interrupted,
            """
            Stopped by SIGINT, SIGTERM, SIGHUP, --stop-at or dynaferry jobs stop; the same command \
            resumes it. A second signal ends it at once.
            """
        ),
    ]

    package static let environment =
        SideEnvironment.notes + [
            Note("XDG_STATE_HOME", "Where jobs are kept, in a folder dynaferry."),
            Note("TMPDIR", "Where keys of items are kept that memory does not hold."),
            Note("NO_COLOR", "When set, no colours on the terminal."),
        ]

    package func validate() throws(UsageError) {
        if resume, restart {
            throw UsageError(
                "--resume and --restart contradict each other",
                hints: ["--resume copies what is left, --restart copies everything again"])
        }
        try validateSchema()
        for arguments in [self] + entries.map(\.arguments) where arguments.onlyChanged {
            try arguments.validateOnlyChanged()
        }
        if verifies, skipExpired || merge == .keep {
            let other =
                skipExpired ? "--skip-expired leaves items out" : "--merge=keep keeps others"
            throw UsageError(
                "--verify compares all that is read, but \(other)",
                hints: ["compare them afterwards: dynaferry verify"])
        }
        try validateTransforms()
        try validateFiles()
        try validateReport()
        try validateSides()
    }

    /// Refuses sides that can't be what they are said to be, whatever is done with them.
    package func validateSides() throws(UsageError) {
        try sides.validateRoles()
        for (source, target) in selection {
            guard target.isFiles || source.stars == target.stars else {
                throw UsageError(
                    "SOURCE has \(Self.stars(source.stars)) and TARGET"
                        + " \(Self.stars(target.stars)): \(source.text),"
                        + " \(target.text)",
                    hints: ["what each star of SOURCE matches replaces one of TARGET"])
            }
            try checkRegion("SOURCE", source, sides.source, sourceSide, "--source-region")
            try checkRegion("TARGET", target, sides.target, targetSide, "--target-region")
            if source == target, sourceSide == targetSide {
                throw UsageError(
                    "SOURCE and TARGET are the same table: \(source.text)",
                    hints: ["give the target another name, or another side: see --target-region"])
            }
        }
    }

    private static func stars(_ count: Int) -> String {
        count == 0 ? "none" : count.counted("star")
    }

    /// Refuses what a copy of what differs can't do, or does anyway.
    private func validateOnlyChanged() throws(UsageError) {
        if merge == .keep {
            throw UsageError(
                "--only-changed replaces items that differ, but --merge=keep keeps them",
                hints: ["leave one of them out"])
        }
        if skipExpired {
            throw UsageError(
                "--only-changed compares all items, but --skip-expired leaves some out",
                hints: ["leave one of them out"])
        }
        if transform.through != nil {
            throw UsageError(
                "--only-changed looks for items by their keys, which a program may have changed",
                hints: ["leave --only-changed out: --merge puts all items once more"])
        }
        if schemaOnly {
            throw UsageError(
                "--only-changed is about items, but --schema-only copies none",
                hints: ["leave one of them out"])
        }
        if verifies {
            throw UsageError(
                "--only-changed compares both tables itself: --verify would read them once more",
                hints: ["compare them afterwards: dynaferry verify"])
        }
    }

    /// A side's own region may not contradict its tables' ARNs, nor they each other; the common
    /// one yields to them.
    private func checkRegion(
        _ operand: String, _ table: Location, _ own: SideArguments, _ side: SideArguments,
        _ option: String
    ) throws(UsageError) {
        guard let named = table.region else { return }
        if let given = own.region, named != given {
            throw UsageError(
                "\(operand) is in \(named), but \(option) says \(given)",
                hints: ["leave out \(option): the ARN names the region"])
        }
        if let other = side.region, named != other {
            throw UsageError(
                "\(operand) \(table.name) is in \(named), another table of its side in \(other)",
                hints: ["a job has one region on each side: copy the others by another"])
        }
    }
}
