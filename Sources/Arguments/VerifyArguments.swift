import CommandLine
import DynamoModel
import Jobs
import Status
import Transfer

/// What `dynaferry verify` was asked to do: two sides as those of a copy, by the same words.
package struct VerifyArguments: SidedArguments, ConfigurableArguments, Equatable {
    /// Which tables, and how to reach them; its own options stay at their defaults.
    package var copy = CopyArguments()

    package var sample: Percentage?
    package var count = false

    package var repair = false
    package var deleteExtra = false

    package var show = 10
    package var values = false
    package var output: String?
    package var json = false

    package init() {}

    package var sides: SidesArguments {
        get { copy.sides }
        set { copy.sides = newValue }
    }

    package static let name = "verify"
    package static let summary = "Compare every item of two tables, or of a table and an export."

    package static let about = [
        """
        Tells whether two tables, or a table and the files of an export, hold the same items, of \
        any order and spelling: numbers by value, \
        sets without order. Each side is read once, and only its parts that differ once more; \
        items that seem to differ are then read again by their keys, consistently. Nothing is \
        written unless --repair is given. Memory does not grow with the tables.
        """,
        """
        A pattern verifies every table that it matches against the one that TARGET makes of its \
        name, as copy does.
        """,
        """
        Each verification is a job, as a copy is: after an interruption or a crash the same \
        command resumes where it stopped. See dynaferry jobs --help.
        """,
        """
        --repair puts what differs or is missing into the target, one item at a time: each is read \
        on both sides again, and written only while the target's is as it was read. One that is \
        another each time is reported as changing.
        """,
    ]

    package static var operands: [Operand<Self>] {
        [
            Operand(
                "SOURCE", .location, \.copy.source,
                """
                Table to compare: its name or its ARN; or a pattern of names with *. What begins \
                with s3:// or contains a / is an export, as for copy.
                """),
            Operand(
                "TARGET", .location, \.copy.target,
                """
                Table to compare it with: its name or its ARN; what each * of SOURCE matches \
                replaces its own. Or the export of it. One side is a table.
                """),
        ]
    }

    package static let options: [Option<Self>] =
        tableOptions + sideOptions + comparisonOptions + changeOptions + fileOptions
        + repairOptions + paceOptions + jobOptions + outputOptions

    /// Items are compared as a copy with the same options would have changed them.
    private static var changeOptions: [Option<Self>] {
        CopyArguments.changeOptions(now: "not known").map { $0.lifted(to: \.copy) }
    }

    private static var fileOptions: [Option<Self>] {
        [
            Option(
                "--like", .table, \.copy.files.like, in: .files,
                default: "table.json of the export",
                "The export's table has the keys of this one, at the table's side."
            ).perTable,
            Option(
                "--key", .key, \.copy.files.key, in: .files, default: "table.json of the export",
                "The export's table has these keys."
            ).perTable,
            Option(
                flag: "--latest", \.copy.files.latest, in: .files,
                "Read the newest where a table has several exports."
            ).perTable,
            Option(
                "--expected-bucket-owner", .accountID, \.copy.files.bucket.expectedOwner,
                in: .files, default: "any",
                "Account that the bucket must belong to; requests to another one's are refused."),
            Option(
                flag: "--requester-pays", \.copy.files.bucket.requesterPays, in: .files,
                "Pay for requests to a bucket whose owner does not."),
        ] + FormatArguments.options(\.copy.files.format)
    }

    private static var tableOptions: [Option<Self>] {
        [
            Option(
                "--config", .file, \.copy.config, in: .tables, default: "none",
                """
                JSON file of options, and of tables in place of SOURCE and TARGET; - is stdin. It \
                may be that of a copy.
                """
            ).once,
            Option(
                repeating: "--exclude", .pattern, \.copy.excluded, in: .tables, default: "none",
                "Leave out tables of the source."),
            Option(
                repeating: "--rename", .renaming, \.copy.renamings, in: .tables, default: "none",
                "Compare FROM with TO, whatever SOURCE and TARGET say."),
            Option(
                ["--tables", "--table-concurrency"], .integer(1...100), in: .tables,
                default:
                    "\(JobRecord.Kind.verify.widthUsual), and up to \(UnitTotals.widthMax) where"
                    + " else limits would not be used",
                "Verify N tables at a time."
            ) { arguments, _, value in arguments.copy.tables = value },
        ]
    }

    private static var comparisonOptions: [Option<Self>] {
        [
            Option(
                "--sample", .percentage, \.sample, in: .comparison, default: "off: every item",
                """
                Compare the items of N% of the segments, drawn by chance, and say which damage \
                that would have shown.
                """),
            Option(
                "--where", CopyArguments.condition, \.copy.transform.texts.wanted, in: .comparison,
                default: "all items",
                """
                Compare only those items of the source that satisfy a condition, as copy --where \
                copies them; all others of the target are only in the target.
                """
            ).perTable,
            CopyArguments.fractionOption.lifted(to: \.copy),
            Option(
                flag: "--count", \.count, in: .comparison,
                "Compare only how many items there are, at the same read units."),
            Option(
                flag: "--consistent-read", \.copy.consistentRead, in: .comparison,
                """
                Scan with strong consistency, at twice the units. Items that seem to differ are \
                read consistently in any case.
                """
            ).perTable,
            Option(
                flags: ["--no-settings"] + Setting.allCases.map { "--no-\($0.rawValue)" },
                in: .comparison, default: "all that a copy carries over, and billing",
                "Do not compare settings, or one of them, and do not read them."
            ) { arguments, name in
                let name = String(name.dropFirst("--no-".count))
                guard let setting = Setting(rawValue: name) else {
                    arguments.copy.comparesSettings = false
                    return
                }
                arguments.copy.settings.without.insert(setting)
            }.perTable,
            Option(
                "--kms-key", .text("KEY", expected: "a key's id or ARN"), \.copy.settings.kmsKey,
                in: .comparison, default: "as copy would encrypt the target",
                "The KMS key that targets are to be encrypted with."
            ).perTable,
            Option(
                "--policy-file", .file, \.copy.policyFile, in: .comparison,
                default: "the source's within its account and region",
                "The resource policy that targets are to have."
            ).perTable,
        ]
    }

    private static var repairOptions: [Option<Self>] {
        [
            Option(
                flag: "--repair", \.repair, in: .target,
                "Put what differs or is missing into the target, as the source has it then."
            ).once,
            Option(
                flag: "--delete-extra", \.deleteExtra, in: .target,
                """
                With --repair: delete items that only the target has. Asks before, and goes on \
                without a terminal only with --yes.
                """
            ).once,
            Option(
                flag: "--yes", \.copy.yes, in: .target, "Delete without asking."),
            Option(
                "--write-units", .units, \.copy.writeUnits, in: .target,
                default: "100% of a provisioned target, on an on-demand one as fast as it takes",
                "Repair with at most N write units a second, or N% of what the target has."
            ).perTable,
            Option(
                "--total-write-units", .totalUnits, \.copy.totalWriteUnits, in: .target,
                default: "no limit",
                """
                Repair with at most N write units a second of all tables and their indexes \
                together; each keeps to its own limit too.
                """),
            Option(
                "--write-concurrency", .integer(1...10_000), \.copy.writeConcurrency,
                in: .target, default: "64", "Repair at most N items at a time."
            ).perTable,
            Option(
                "--dead-letters", .file, \.copy.deadLetters, in: .target,
                default: "./dynaferry-dead-letters-TARGET.jsonl",
                "Where to put items that the target refuses for good, as copy does."
            ).perTable,
            Option(
                "--max-dead-letters", .integer(0...1_000_000_000), \.copy.maxDeadLetters,
                in: .target, "Give up when more items than this are refused."
            ).perTable,
        ]
    }

    private static var paceOptions: [Option<Self>] {
        [
            Option(
                ["--read-units", "--source-read-units", "--target-read-units"], .units, in: .pace,
                default: "50% of a provisioned table, no limit on an on-demand one",
                """
                Read each side, or one, at most at N units a second, or N% of what it has. Lowered \
                by itself while it throttles.
                """
            ) { arguments, name, limit in
                if name != "--target-read-units" { arguments.copy.readUnits = limit }
                if name != "--source-read-units" { arguments.copy.targetReadUnits = limit }
            }.perTable,
            Option(
                "--total-read-units", .totalUnits, \.copy.totalReadUnits, in: .pace,
                default: "no limit",
                """
                Read the source at most at N units a second for all tables together; each keeps to \
                its own limit too.
                """),
            Option(
                "--segments", .integer(1...1_000_000), \.copy.segments, in: .pace,
                default: "by the larger table's size",
                "Scan in N equal ranges of the hash space."
            ).perTable,
            Option(
                "--scan-concurrency", .integer(1...10_000), \.copy.scanConcurrency, in: .pace,
                default: "16", "Have at most N scans in flight on each side."
            ).perTable,
            Option(
                "--lanes", .integer(1...64), \.copy.lanes, in: .pace,
                default: "one a core, four at most",
                """
                Have N threads carry requests; tables are dealt to them, so that several do not \
                wait for one core.
                """),
            Option(
                "--memory", .bytes, \.copy.memory, in: .pace,
                default: ValueKind<Int>.bytes.show(CopyOptions.memoryUsual),
                "Memory for pages and keys, for each table."
            ).perTable,
            Option(
                "--give-up-after", .duration, \.copy.giveUpAfter, in: .pace,
                "Fail after this long without any progress, once both sides have answered."),
            Option(
                flag: "--gzip", \.copy.gzip, in: .pace,
                "Ask for compressed pages: less traffic, more CPU."),
        ]
    }

    private static var jobOptions: [Option<Self>] {
        [
            Option(
                "--job", .jobID, \.copy.job, in: .job,
                default: "found by what is compared, or the source's name and four digits",
                "The job's name: of a new one, or of the one to resume."),
            Option(
                flag: "--resume", \.copy.resume, in: .job,
                "Go on with a job although it stopped more than 24 hours ago."
            ).once,
            Option(
                flag: "--restart", \.copy.restart, in: .job,
                "Read everything again, also what an unfinished job has compared."
            ).once,
            .stateFolder(\.copy.stateFolder),
        ]
    }

    private static var outputOptions: [Option<Self>] {
        [
            Option(
                "--show", .integer(0...100_000), \.show, in: .output,
                """
                Show N of the differences, drawn by chance: keys, names of attributes that differ, \
                and whether they differed at first or have changed since.
                """),
            Option(
                flag: "--values", \.values, in: .output,
                "Show values of attributes too, and put items into --output."),
            Option(
                "--output", .file, \.output, in: .output, default: "none",
                "Write all differences to FILE, one JSON object a line, replacing it at the end."),
            Option(flag: "--json", \.json, in: .output, "The report as JSON, for programs."),
            Option(
                "--report", .file, \.copy.report, in: .output, default: "none",
                "Write the report \(ReportPath.help)"),
            .progress(\.copy.progress),
            .colour(\.copy.colour),
            Option(
                "--log", .file, \.copy.log, in: .output, default: "none",
                "Append each failed request and its request id to FILE. Never values of items."),
            .onFinish(\.copy.onFinish),
        ]
    }

    package static let examples = [
        Note("dynaferry verify Orders OrdersCopy --region eu-central-1", "After a copy:"),
        Note(
            """
            dynaferry verify 'acme-staging-*' 'acme-*-dev' \\
                --source-region us-east-1 \\
                --target-region eu-central-1 \\
                --output differences.jsonl
            """,
            "Every table of a stage, with a list of all differences:"),
        Note(
            "dynaferry verify Orders OrdersCopy --sample 1% --read-units 500",
            "A quick look at a large table:"),
        Note(
            "dynaferry verify Orders OrdersCopy --repair --write-units 500",
            "Repair what differs:"),
        Note(
            "dynaferry verify s3://acme-dumps/2026-11/ OrdersCopy",
            "Whether a table is what an export holds:"),
        Note("dynaferry verify --config migration.json", "What a file says was to be copied:"),
    ]

    package static let usual = [
        "--region", "--profile", "--exclude", "--sample", "--count", "--repair", "--delete-extra",
        "--read-units", "--output", "--report",
    ]

    package static let exitCodes: [Note] = [
        Note(
            .success,
            """
            Equal, or repaired. Items past their time to live on one side make no difference.
            """
        ),
        Note(.failure, "Could not tell; the last lines say why."),
        Note(.usage, "Wrong usage; nothing was read."),
        Note(
            .differs,
            """
            Different: items of either side, schemas or settings; of a repair, what it has left.
            """
        ),
        Note(
            .interrupted,
            """
            Stopped by SIGINT, SIGTERM, SIGHUP or dynaferry jobs stop before it could tell; the \
            same command resumes it.
            """
        ),
    ]

    package static let environment =
        SideEnvironment.notes + [
            Note("XDG_STATE_HOME", "Where jobs are kept, in a folder dynaferry."),
            Note("TMPDIR", "Where keys of differing items are kept that memory does not hold."),
            Note("NO_COLOR", "When set, no colours on the terminal."),
        ]

    package func validate() throws(UsageError) {
        if count, sample != nil {
            throw UsageError(
                "--count and --sample contradict each other",
                hints: ["leave one of them out: --count reads all keys, --sample some segments"])
        }
        if count, output != nil {
            throw UsageError(
                "--count finds no differences that --output could list",
                hints: ["leave --count out: every item is compared then"])
        }
        if values, copy.hidesValues {
            throw UsageError(
                "--values would show what the rules, hash or mask are to hide",
                hints: ["leave --values out: the keys of what differs are shown"])
        }
        if deleteExtra, !repair {
            throw UsageError(
                "--delete-extra is part of a repair", hints: ["give --repair too"])
        }
        if repair, count || sample != nil {
            throw UsageError(
                "--repair requires that every item is compared, without --count or --sample",
                hints: ["leave them out, or leave out --repair"])
        }
        try copy.validatePlaces(
            twoPlaces: "copy one of them into a table first: one side must be a table",
            mixed: "some tables are compared with files, others with tables")
        try validateFiles()
        try copy.validateTransforms(hasJob: false)
        try copy.validateSchema()
        try copy.validateSides()
    }

    private func validateFiles() throws(UsageError) {
        guard let side = copy.filesSide else { return }
        if copy.hasStream {
            throw UsageError(
                "-: a stream can't be read twice, so it can't be compared",
                hints: ["write it into a folder first: dynaferry copy TABLE ./dump/"])
        }
        if sample != nil {
            throw UsageError(
                "--sample compares segments of two tables, but a side is files",
                hints: ["--count compares how many items there are"])
        }
        if repair, side == .target {
            throw UsageError(
                "--repair writes into TARGET, but that is files",
                hints: ["copy the table again into another folder"])
        }
    }
}

/// More than nothing, and at most all.
package struct Percentage: Equatable, Sendable {
    /// 0 to 1.
    package let share: Double
    fileprivate let text: String

    package init?(_ text: String) {
        guard text.hasSuffix("%"), let percent = decimalNumber(String(text.dropLast())),
            percent > 0, percent <= 100
        else { return nil }
        share = percent / 100
        self.text = text
    }
}

extension ValueKind where Value == Percentage {
    package static var percentage: Self {
        ValueKind(
            name: "N%", expected: "a percentage above 0% and up to 100%",
            parse: { Percentage($0) }, show: { $0.text },
            advice: { decimalNumber($0) == nil ? nil : "say \($0)%" })
    }
}
