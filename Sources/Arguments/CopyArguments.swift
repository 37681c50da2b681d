import CommandLine
import Schema
import Status
import Transfer

/// What `dynaferry copy` was asked to do.
package struct CopyArguments: SidedArguments, ConfigurableArguments, Equatable {
    /// Placeholders when a file says what is copied.
    package var source = Location()
    package var target = Location()
    /// A file of options, and what it says of tables.
    package var config: String?
    package var entries: [TableEntry] = []
    package var renamings: [Renaming] = []
    package var excluded: [Location] = []
    /// Tables copied at a time; nil: as many as their limits ask for.
    package var tables: Int?
    package var failFast = false
    package var sides = SidesArguments()

    package var merge: MergePolicy?
    /// Only what differs is written.
    package var onlyChanged = false
    package var schemaOnly = false
    package var strictSettings = false
    /// Dollars that the job may cost; nil: whatever it does.
    package var maxCost: Double?
    /// A file of prices.
    package var prices: String?
    package var dataOnly = false
    package var settings = SettingChoice()
    /// Of a verification.
    package var comparesSettings = true
    /// A file of the policy that targets are to have.
    package var policyFile: String?
    package var indexes: IndexTiming?
    package var boostWrite: Int?
    /// Whatever would be asked on a terminal is answered with yes.
    package var yes = false

    package var deadLetters: String?
    package var maxDeadLetters = 1_000

    package var readUnits: RateSpec?
    /// Of what reads the target.
    package var targetReadUnits: RateSpec?
    package var writeUnits: RateSpec?
    package var totalReadUnits: Double?
    package var totalWriteUnits: Double?
    /// nil adapts, as do the two below.
    package var segments: Int?
    package var scanConcurrency: Int?
    package var writeConcurrency: Int?
    /// nil: as many as the machine has cores, four at most.
    package var lanes: Int?
    /// Bytes that pages and batches, or files, of one table may take together; nil: what is usual
    /// for what is copied.
    package var memory: Int?
    package var giveUpAfter: Duration = .seconds(15 * 60)

    /// The job's name and where its state is kept; nil: by itself, and the default folder.
    package var job: String?
    package var stateFolder: String?
    package var resume = false
    package var restart = false
    package var stopAt: StopTime?

    /// Where a side is files.
    package var files = FilesArguments()
    package var native = NativeArguments()

    /// Which items are wanted, and what is changed of them.
    package var transform = TransformArguments()
    package var skipExpired = false
    /// Compare what has been copied.
    package var verifies = false
    package var consistentRead = false
    package var gzip = false

    package var progress = ProgressMode.auto
    package var colour = ColourChoice.auto
    package var onFinish: FinishCommand?
    package var report: String?
    /// For a demo, whose server ends with the copy.
    package var leavesNextStepsOut = false
    package var log: String?

    /// The words that it was read from, the command's name before them.
    package var words: [String] = []

    package init() {}

    /// How the console speaks.
    package var style: ConsoleStyle {
        ConsoleStyle(colour: colour, speaksJSON: progress == .json)
    }

    /// The words that resume the job, without --restart: it has restarted once.
    package var wordsToResume: [String] { words.filter { $0 != "--restart" && $0 != "--resume" } }

    package var part: CopyPart { schemaOnly ? .schema : dataOnly ? .data : .all }

    /// What is copied as what: SOURCE and TARGET, or else what a file lists.
    package var selection: [(source: Location, target: Location)] {
        source.text.isEmpty ? entries.map { ($0.source, $0.target) } : [(source, target)]
    }

    /// Both sides of the selection, in words.
    package var sourceText: String { words(for: selection.map(\.source)) }
    package var targetText: String { words(for: selection.map(\.target)) }

    private func words(for tables: [Location]) -> String {
        let names = tables.map(\.name)
        guard names.count > 3 else { return names.formattedList(joinedBy: "and") }
        return "\(names[0]) and \(names.count - 1) others"
    }

    /// The arguments that hold for one table, by its name or ARN: those of the first entry that
    /// matches it.
    package func own(ofTable source: String) -> CopyArguments {
        let entry = entries.first { NamePattern($0.source.text).match(source) != nil }
        return entry?.arguments ?? self
    }

    /// The same for a pair. Files have no name that an entry could match, but what they go into
    /// has.
    package func own(of source: String, into target: String) -> CopyArguments {
        guard filesSide == .source else { return own(ofTable: source) }
        let entry = entries.first { NamePattern($0.target.text).match(target) != nil }
        return entry?.arguments ?? self
    }

    /// Everything known of the source's side; an ARN names its region.
    package var sourceSide: SideArguments { side(sides.filledSource, selection.map(\.source)) }
    package var targetSide: SideArguments { side(sides.filledTarget, selection.map(\.target)) }

    private func side(_ filled: SideArguments, _ tables: [Location]) -> SideArguments {
        var side = filled
        side.region = tables.lazy.compactMap(\.region).first ?? side.region
        return side
    }
}

/// What a file says of tables that it lists.
package struct TableEntry: Equatable, Sendable {
    /// Names or patterns, of as many stars.
    package var source: Location
    package var target: Location
    /// What holds for these tables: what is said of all, and of them.
    package var arguments: CopyArguments

    package init(source: Location, target: Location, arguments: CopyArguments) {
        self.source = source
        self.target = target
        self.arguments = arguments
    }
}

/// What happens when the target already has items.
package enum MergePolicy: String, CaseIterable, Sendable {
    /// Items of the same key are replaced; all others stay.
    case replace
    /// Those of the source stay out; all of the target's stay.
    case keep
}

/// How progress is shown on stderr.
package enum ProgressMode: String, CaseIterable, Sendable {
    case auto
    case bar
    case plain
    case json
    case none
}
