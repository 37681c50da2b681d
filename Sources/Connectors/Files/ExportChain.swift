import System

/// Which exports of one table are read, and in which order: a full one, and the windows of changes
/// that follow it; or windows alone, which go into the table as it is.
///
/// Windows are sorted by their ends. They may overlap: of what was written in both the lines of the
/// one that ends later count. A hole between them is refused: changes made in it have no line.
package struct ExportChain: Equatable, Sendable {
    /// One export, as the chain needs to know it.
    package struct Link: Equatable, Sendable {
        package enum Kind: Equatable, Sendable {
            /// As of this time, in seconds since 1970; nil: nothing says when.
            case full(at: Double?)
            case window(ExportWindow)
        }

        /// As messages name it.
        package var title: String
        package var kind: Kind
        /// nil: nothing says which table it is of.
        package var tableID: String?

        package init(_ title: String, _ kind: Kind, tableID: String?) {
            (self.title, self.kind, self.tableID) = (title, kind, tableID)
        }
    }

    /// A window of the chain.
    package struct Step: Equatable, Sendable {
        /// Its place among the windows that were given.
        package var number: Int
        package var window: ExportWindow
        /// It begins where the one before it ended: what items were before it is what that has
        /// made of them.
        package var joinsExactly: Bool
        /// From when on a later window tells what was changed in this one, too; nil: none does.
        package var cutoff: Double?
    }

    /// Why the exports can't be read one after the other.
    package struct Refusal: Error, Equatable, Sendable, CustomStringConvertible {
        package var description: String
        package var hint: String
    }

    package private(set) var steps: [Step] = []
    /// Windows that are not read, since all of their changes are in what is read before.
    package private(set) var leftOut = 0
    /// What may be missed.
    package private(set) var warning: String?

    /// A full export holds its table as of its time give or take about a minute (guide, "DynamoDB
    /// data export to Amazon S3: how it works").
    package static let slack = 120.0

    /// - Parameters:
    ///   - full: nil: windows alone.
    ///   - applied: of windows alone: until when changes are known to be in the table, and by
    ///     which job.
    package init(
        full: Link?, windows: [Link], applied: (until: Double, job: String)? = nil
    ) throws(Refusal) {
        var found = Self.sorted(windows)
        guard !found.isEmpty else { return }
        let start: Double?
        if let full {
            let time = try Self.time(of: full)
            start = time
            found = Self.following(time, found)
            leftOut = windows.count - found.count
        } else {
            start = applied?.until
            if let applied {
                found.removeAll { $0.window.to <= applied.until }
                leftOut = windows.count - found.count
                guard !found.isEmpty else { throw Self.isApplied(applied) }
            }
        }
        try Self.checkTable(full, found.map { windows[$0.number] })
        try join(found, windows, from: start, full, applied?.job)
    }

    private static func time(of full: Link) throws(Refusal) -> Double {
        guard case .full(let time?) = full.kind else {
            throw Refusal(
                description: "\(full.title) does not say as of when its items are, so that nothing"
                    + " tells which incremental exports follow it",
                hint: "name its folder to read it alone")
        }
        return time
    }

    private static func sorted(_ windows: [Link]) -> [(number: Int, window: ExportWindow)] {
        var found: [(number: Int, window: ExportWindow)] = []
        for (number, link) in windows.enumerated() {
            if case .window(let window) = link.kind { found.append((number, window)) }
        }
        return found.sorted {
            ($0.window.to, $0.window.from, $0.number) < ($1.window.to, $1.window.from, $1.number)
        }
    }

    /// Those that have changes of after a time. One that ends shortly before it is among them where
    /// others follow: a full export may lack what was changed just before.
    private static func following(
        _ time: Double, _ windows: [(number: Int, window: ExportWindow)]
    ) -> [(number: Int, window: ExportWindow)] {
        guard let last = windows.last, last.window.to > time else { return [] }
        let found = windows.filter { $0.window.to > time - slack }
        // Not needed where one that ends later begins early enough.
        let isCovered = found.contains { $0.window.to > time && $0.window.from <= time - slack }
        return isCovered ? found.filter { $0.window.to > time } : found
    }

    /// A table that was made again has the name of the old one, and another id.
    private static func checkTable(_ full: Link?, _ windows: [Link]) throws(Refusal) {
        let all = (full.map { [$0] } ?? []) + windows
        guard let first = all.first(where: { $0.tableID != nil }),
            let other = all.first(where: { $0.tableID != nil && $0.tableID != first.tableID })
        else { return }
        throw Refusal(
            description: "\(first.title) and \(other.title) are of different tables of one name:"
                + " the table was deleted and made again",
            hint: "move the exports of the old table away")
    }

    /// Puts windows one behind the other.
    private mutating func join(
        _ found: [(number: Int, window: ExportWindow)], _ windows: [Link], from start: Double?,
        _ full: Link?, _ job: String?
    ) throws(Refusal) {
        var covered: (from: Double, to: Double)?
        for (number, window) in found {
            guard let before = covered else {
                if let start {
                    try checkFirst(window, windows[number], start, full, job)
                }
                covered = (window.from, window.to)
                steps.append(Step(number: number, window: window, joinsExactly: false))
                continue
            }
            if window.from >= before.from, window.to <= before.to {
                leftOut += 1
                continue
            }
            guard window.from <= before.to else {
                throw Refusal(
                    description: "there is a hole between the incremental exports: one ends at"
                        + " \(Self.words(before.to)), and the next, \(windows[number].title),"
                        + " begins at \(Self.words(window.from))",
                    hint: "export the changes of that time too: an incremental export from"
                        + " \(Self.words(before.to)) to \(Self.words(window.from))")
            }
            steps.append(
                Step(
                    number: number, window: window, joinsExactly: window.from == before.to))
            covered = (min(before.from, window.from), window.to)
        }
        setCutoffs()
    }

    private mutating func setCutoffs() {
        var first = Double.infinity
        for number in steps.indices.reversed() {
            let window = steps[number].window
            if first < window.to { steps[number].cutoff = max(first, window.from) }
            first = min(first, window.from)
        }
    }

    private mutating func checkFirst(
        _ window: ExportWindow, _ link: Link, _ start: Double, _ full: Link?, _ job: String?
    ) throws(Refusal) {
        let what =
            full.map { "\($0.title) is of \(Self.words(start))" }
            ?? "job \(job ?? "") has applied changes up to \(Self.words(start))"
        guard window.from <= start else {
            throw Refusal(
                description: "there is a hole: \(what), and the first incremental export behind it,"
                    + " \(link.title), begins at \(Self.words(window.from))",
                hint: "export the changes of that time too: an incremental export from"
                    + " \(Self.words(start)) to \(Self.words(window.from))")
        }
        if let full, window.from > start - Self.slack {
            warning =
                "\(full.title) is of \(Self.words(start)), give or take a minute, and the"
                + " incremental exports begin at \(Self.words(window.from)): changes of the minute"
                + " before may be missing. To be exact, export changes from two minutes before on"
        } else if window.from < start, window.to > start {
            warning =
                "items that were inserted after \(Self.words(window.from)) and deleted before"
                + " \(Self.words(window.to)) may stay in the target: \(link.title) has no line for"
                + " them. To be exact, export changes as two windows that meet at"
                + " \(Self.words(start)), as --since does with the id of the full export"
        }
    }

    private static func isApplied(_ applied: (until: Double, job: String)) -> Refusal {
        Refusal(
            description: "job \(applied.job) has already applied changes up to"
                + " \(words(applied.until)) to this table, and these end before that",
            hint: "apply incremental exports in the order of their times, each once")
    }

    package static func words(_ seconds: Double) -> String {
        UTCTime(secondsSinceEpoch: seconds).iso8601
    }
}

/// A window of changes that is read behind other exports.
package struct ChainedWindow: Equatable, Sendable {
    package var id: String
    package var window: ExportWindow
    package var joinsExactly: Bool
    package var cutoff: Double?
    /// Changes that it has.
    package var items: Int
}

extension ExportChain.Link {
    package init(_ export: ReadExport, title: String) {
        self.init(
            title, export.window.map { .window($0) } ?? .full(at: export.time),
            tableID: export.tableID)
    }
}

extension ReadExport {
    /// Several that are read as one: its place is what they all lie in.
    /// - Parameters:
    ///   - full: nil: windows alone.
    ///   - windows: as the chain was made of them.
    package init(_ chain: ExportChain, full: ReadExport?, windows: [ReadExport]) {
        let chosen = chain.steps.map { windows[$0.number] }
        self.init(
            folder: "", id: full?.id ?? "of the changes of \(chosen.first?.tableID ?? "a table")",
            data: full?.data ?? [], bytes: 0, storedBytes: 0)
        let all = (full.map { [$0] } ?? []) + chosen
        hasItems = full != nil
        tableName = all.lazy.compactMap(\.tableName).first
        tableARN = all.lazy.compactMap(\.tableARN).first
        tableID = all.lazy.compactMap(\.tableID).first
        table = full?.table ?? chosen.lazy.compactMap(\.table).last
        time = full?.time
        notes = all.flatMap(\.notes) + (chain.warning.map { [$0] } ?? [])
        items = all.reduce(0) { sum, export in
            sum.flatMap { sum in export.items.map { sum.addingClamped($0) } }
        }
        for (number, (step, export)) in zip(chain.steps, chosen).enumerated() {
            data += export.data.map { file in
                var file = file
                file.window = number + 1
                return file
            }
            self.windows.append(
                ChainedWindow(
                    id: export.id, window: step.window, joinsExactly: step.joinsExactly,
                    cutoff: step.cutoff, items: export.items ?? 0))
        }
        bytes = data.lazy.compactMap(\.bytes).clampedSum
        storedBytes = all.lazy.map { max($0.storedBytes, $0.bytes) }.clampedSum
    }

    /// It is windows alone, and no items that they follow.
    package var isOnlyWindows: Bool { !windows.isEmpty && !hasItems }
}
