import DynamoModel
import Foundation
import JSON
import Status
import System
import TestSupport
import Testing

@testable import Arguments
@testable import CommandLine
@testable import Jobs
@testable import dynaferry

/// Goal: who watches a job sees all of it, in any window, and has the terminal back afterwards.
@Suite(.timeLimit(.minutes(20))) struct JobWatchTests {
    private static let now = 1_795_977_000.0

    private static func table(_ number: Int) -> JobTable {
        var table = JobTable(
            source: "acme-staging-\(number)", target: "acme-\(number)-dev", sourceID: nil,
            targetID: nil, schema: KeySchema(partition: KeyAttribute(name: "id", type: .string)),
            targetWas: .created, segments: 16, itemsReported: 1_000)
        table.progress.itemsDone = number * 100
        table.progress.itemsEstimated = 1_000
        table.progress.fraction = Double(number) / 10
        table.progress.counters.segmentsFinished = number
        table.progress.segments = 16
        switch number {
        case 1: table.failure = "AccessDeniedException: not yours"
        case 2...7: break
        case 8: table.isFinished = true
        default: table.progress = JobProgress()
        }
        return table
    }

    private static func view(tables count: Int) -> JobView {
        var record = JobRecord(
            id: "acme-staging-1c4e", created: now - 200, request: .array([]), identity: "",
            processID: 4_711)
        record.updated = now
        let tables = (1...count).map(table)
        record.progress = JobProgress.sum(tables.map(\.progress), within: UnitTotals())
        record.progress.itemsPerSecond = 20
        record.progress.writeUnitsPerSecond = 20
        record.progress.writeLimit = 25
        record.progress.hold = .targetThrottled
        record.progress.counters.writesThrottled = 12
        return JobView(record: record, tables: tables, deadLetters: 3, isRunning: true)
    }

    /// Of a job that has become faster for two minutes.
    private static func history() -> RateHistory {
        var history = RateHistory()
        for second in 0...120 {
            history.add(
                done: second * second / 4, fraction: Double(second) / 240,
                at: now - 120 + Double(second))
        }
        return history
    }

    private static let screen = JobScreen(
        drawing: Drawing(speaksUnicode: true), clock: { CivilTime(utc: $0) })

    @Test func `the screen shows the job and its tables, as agreed`() throws {
        var paused = Self.view(tables: 1)
        paused.record.state = .paused
        let sizes = [(100, 24, 10), (100, 16, 10), (40, 24, 10), (15, 24, 10)]
        var text = sizes.map { columns, rows, tables in
            let lines = Self.screen.lines(
                Self.view(tables: tables), Self.history(), columns: columns, rows: rows,
                at: Self.now)
            return "# \(columns) columns, \(rows) rows\n"
                + lines.map(\.marked).joined(separator: "\n")
        }
        let lines = Self.screen.lines(
            paused.asOf(Self.now), RateHistory(), columns: 100, rows: 24, at: Self.now)
        text.append("# paused\n" + lines.map(\.marked).joined(separator: "\n"))
        try Snapshot.compare(text.joined(separator: "\n\n") + "\n", "watch.txt")
    }

    @Test func `the screen never has more lines or columns than there are`() {
        for rows in 1...40 {
            for columns in [2, 15, 40, 80, 200] {
                let lines = Self.screen.lines(
                    Self.view(tables: 20), Self.history(), columns: columns, rows: rows,
                    at: Self.now)
                #expect(lines.count <= rows)
                #expect(lines.allSatisfy { $0.columns < columns })
            }
        }
    }

    @Test func `what was seen gives the rate of now, of the last minutes, and the time left`() {
        var history = RateHistory()
        #expect(history.rate(at: 0) == nil && history.secondsLeft(at: 0) == nil)
        for second in 0...600 {
            history.add(
                done: min(second, 300) * 10, fraction: Double(min(second, 300)) / 600,
                at: Double(second))
            if second == 200 {
                #expect(history.rate(at: 200) == 10)
                #expect(history.secondsLeft(at: 200).map { abs($0 - 400) < 0.01 } == true)
                let rates = history.rates(parts: 3, at: 200)
                #expect(rates.count == 3 && rates[2] == 10)
                #expect(history.rates(parts: 6, at: 200).prefix(2) == [nil, nil])
            }
        }
        // Held for five minutes: the window has moved on.
        #expect(history.rate(at: 600) == 0 && history.secondsLeft(at: 600) == nil)
        #expect(history.rates(parts: 60, at: 600) == [Double?](repeating: 0, count: 60))
    }

    @Test func `a verification that follows has a time of its own`() {
        var history = RateHistory()
        for second in 0...20 {
            // Ten seconds each: 100 items are copied, then verified.
            let fraction = second <= 10 ? Double(second) / 10 : Double(second - 11) / 20
            history.add(done: second * 10, fraction: fraction, at: Double(second))
        }
        #expect(history.secondsLeft(at: 20).map { abs($0 - 11) < 0.01 } == true)
        #expect(history.rate(at: 20) == 10)
        var view = Self.view(tables: 1)
        #expect(!view.verifiesOnly && view.fraction == 0.1)
        view.record.progress.itemsDone = 1_000
        view.record.progress.itemsVerified = 250
        view.record.progress.itemsToVerify = 1_000
        #expect(view.verifiesOnly && view.fraction == 0.25 && view.itemsHandled == 1_250)
        let lines = Self.screen.lines(
            view, history, columns: 100, rows: 24, at: Self.now
        ).map(\.text)
        #expect(lines[1].hasSuffix("  25 %"), "\(lines)")
        #expect(lines.contains("verified 250 of about 1,000 items, 25 %"), "\(lines)")
    }

    @Test func `a clock that was set back begins the history anew`() {
        var history = RateHistory()
        for second in [100.0, 101, 102, 50, 51] {
            history.add(done: Int(clamping: second), fraction: 0, at: second)
        }
        #expect(history.rate(at: 51) == 1)
    }

    @Test func `what is paused, or has saved nothing for seconds, has no rate`() {
        let view = Self.view(tables: 1)
        #expect(view.asOf(Self.now + 4).record.progress.itemsPerSecond == 20)
        #expect(view.asOf(Self.now + 6).record.progress.itemsPerSecond == 0)
        #expect(view.asOf(Self.now + 6).record.progress.writeUnitsPerSecond == 0)
        var paused = view
        paused.record.state = .paused
        #expect(paused.asOf(Self.now).record.progress.itemsPerSecond == 0)
    }

    // MARK: By the built program

    /// Watches a job on a terminal of its own, where this is typed once the screen is filled.
    private func watched(_ site: CopySite, typing keys: String) throws -> Binary.Result {
        let file = site.folder.path("screen")
        let line = """
            export TERM=xterm LANG=C.UTF-8
            type_keys() {
                until grep -q 'job one' '\(file)' 2>/dev/null; do sleep 0.05; done
                printf '\(keys)'
            }
            type_keys | script -qefc "'$0' jobs status one --watch --state-dir '$1'" '\(file)'
            """
        var result = try Binary.shell(line, [site.folder.path("jobs")])
        result.out = try String(contentsOfFile: file, encoding: .utf8)
        return result
    }

    @Test(arguments: ["q", "\\003"])
    func `the terminal is as it was once it is closed, and the job goes on`(key: String) throws {
        let site = try CopySite()
        let copy = try site.start(["--job", "one", "--write-units", "50"])
        try site.waitForProgress()
        let seen = try watched(site, typing: key)
        let (opened, closed) = ("\u{1B}[?1049h", "\u{1B}[?1049l")
        #expect(seen.out.components(separatedBy: opened).count == 2, "\(seen.out)")
        let after = try #require(seen.out.components(separatedBy: closed).last)
        #expect(seen.out.contains(closed) && !after.contains("\u{1B}"), "\(seen.out)")
        #expect(seen.out.contains("job one") && seen.out.contains("Orders"), "\(seen.out)")
        #expect(seen.status == (key == "q" ? 0 : 130), "\(seen)")
        if key == "q" { #expect(after.contains("job one: running"), "\(after)") }
        #expect(try site.job().state == .running)
        copy.process.signal(SIGINT)
        #expect(try copy.end().status == 130)
    }

    /// Watches a job from a shell, which sends the program this signal once the screen is open, has
    /// it continued if that has stopped it, and closes it then.
    /// - Returns: what the terminal was sent: by the program, and by the shell about its end.
    private func watched(_ site: CopySite, sending signal: String) throws -> String {
        let (file, shell) = (site.folder.path("screen"), site.folder.path("shell"))
        let process = site.folder.path("process")
        try """
        set -m; ulimit -c 0
        sh -c 'echo $$ > "$2"; exec "$0" jobs status one --watch --state-dir "$1"' "$1" "$2" "$3"
        echo "[left with $?, $(stty -a | grep -o -e '-*icanon')]"
        if [ -n "$(jobs)" ]; then fg; echo "[ended with $?]"; fi
        """.write(toFile: shell, atomically: true, encoding: .utf8)
        let line = """
            export TERM=xterm LANG=C.UTF-8
            opened() { [ "$(grep -o 1049h '\(file)' 2>/dev/null | wc -l)" = "$1" ]; }
            send() {
                until opened 1; do sleep 0.05; done
                kill -s \(signal) "$(cat '\(process)')"
                until opened 2 || grep -q 'left with 1[23]' '\(file)'; do sleep 0.05; done
                printf q
            }
            send | script -qefc "bash '\(shell)' '$0' '$1' '\(process)'" '\(file)'
            """
        _ = try Binary.shell(line, [site.folder.path("jobs")])
        return try String(contentsOfFile: file, encoding: .utf8)
    }

    /// Goal: a signal leaves a terminal as it was, whoever sent it, and does what it does to other
    /// programs.
    @Test(arguments: [("TSTP", 148), ("QUIT", 131), ("TERM", 130), ("HUP", 130)])
    func `a signal finds the terminal as it was`(signal: String, code: Int) throws {
        let site = try CopySite()
        let copy = try site.start(["--job", "one", "--write-units", "50"])
        try site.waitForProgress()
        let sent = try watched(site, sending: signal)
        let marks = sent.matches(of: /1049[hl]|\[left[^\]]*\]|\[ended[^\]]*\]/).map {
            String($0.output)
        }
        let left = ["1049h", "1049l", "[left with \(code), icanon]"]
        #expect(
            marks == left + (signal == "TSTP" ? ["1049h", "1049l", "[ended with 0]"] : []),
            "\(sent)")
        copy.process.signal(SIGINT)
        #expect(try copy.end().status == 130)
    }

    @Test func `the live block of a copy fits its terminal, and makes way for the report`() throws {
        let site = try CopySite()
        let file = site.folder.path("screen")
        // What the terminal is sent, with the words of the copy in "$@".
        let line = """
            export TERM=xterm LANG=C.UTF-8 COPY="'$0' $*"
            script -qefc "stty cols 40 rows 20; exec $COPY" '\(file)' < /dev/null
            """
        let words = site.words(["--job", "one", "--progress", "auto", "--write-units", "500"])
        let result = try Binary.shell(line, words, environment: CopySite.credentials)
        #expect(result.status == 0, "\(result)")
        let sent = try String(contentsOfFile: file, encoding: .utf8)
        #expect(sent.contains("\u{1B}[32m█"), "\(sent)")
        let erased = "\u{1B}[J"
        let report = try #require(sent.components(separatedBy: erased).last)
        #expect(report.contains("copied Orders to Copy in "), "\(report)")
        #expect(!report.contains("segments ") || !report.contains("█"), "\(report)")
        // Blocks begin where the one before was erased.
        let blocks = sent.components(separatedBy: erased).filter { $0.contains("elapsed ") }
        #expect(!blocks.isEmpty)
        for line in blocks.flatMap({ $0.components(separatedBy: "\r\n") }) {
            let text = line.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "").replacing("\r", with: "")
            let isNote = ["job one", "read units", "creating", "Script"].contains {
                text.hasPrefix($0)
            }
            #expect(isNote || text.columns < 40, "\(text)")
        }
    }

    @Test func `without a terminal there is a line or an object a second`() throws {
        let site = try CopySite()
        let copy = try site.start(["--job", "one"])
        try site.waitForProgress()
        let place = ["--state-dir", site.folder.path("jobs")]
        let plain = try Binary.run(["jobs", "status", "one", "--watch"] + place)
        #expect(plain.status == 0 && !plain.out.contains("\u{1B}"), "\(plain)")
        let first = try #require(plain.out.split(separator: "\n").first)
        #expect(
            first.prefixMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ %: /#) != nil, "\(first)")
        #expect(try copy.end().status == 0)
        let json = try Binary.run(["jobs", "status", "one", "--watch", "--json"] + place)
        #expect(try JSON(parsing: json.out)["state"] == "finished")
    }
}
