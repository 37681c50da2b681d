import Dispatch
import DynamoModel
import Flow
import Glibc
import JSON
import System

/// A source whose items go through a program before anybody else sees them: a line a piece, an
/// item in DynamoDB's JSON; for each the program gives a line, an item, `null`, or a list of items.
///
/// It is a source around a source, since a stage never waits. A cursor lies behind an item that was
/// read once all that has come of it is settled.
package final class ThroughSource: PageSource, @unchecked Sendable {
    // @unchecked: what is not locked is touched only on `queue`.

    /// The program, and how it is run.
    package struct Settings: Equatable, Sendable {
        /// For `sh -c`.
        package var command: String
        /// Processes at a time.
        package var jobs = 1
        /// Without a byte from it for so long, the run fails.
        package var giveUpAfter = Duration.seconds(60)

        package init(command: String) { self.command = command }
    }

    package let shape: PageShape
    private let inner: any PageSource
    private let stages: [any PageStage]
    private let programs: [LineProgram]
    private let line: ItemLine
    private let letters: LetterWriter
    private let onFailure: ItemTransform.OnFailure
    private let queue = DispatchQueue(label: "flow.through")

    /// - Parameters:
    ///   - stages: see the items before the program does.
    ///   - source: keys of the items as they come.
    ///   - target: and as they are written.
    ///   - onErrorLine: gets what the program writes to stderr, line by line.
    init(
        _ inner: any PageSource, stages: [any PageStage], _ transform: ItemTransform,
        _ settings: Settings, from source: KeySchema, to target: KeySchema,
        onErrorLine: (@Sendable (String) -> Void)?
    ) {
        self.inner = inner
        self.stages = stages
        var shape = inner.shape
        // What goes to the program, and what comes back.
        shape.memoryFactor += 3 + 2 * stages.count(where: \.writesAnew)
        self.shape = shape
        line = ItemLine(schema: target)
        letters = LetterWriter(
            transform.changes ?? ItemChanges(), schema: source, key: transform.hidingKey)
        onFailure = transform.onFailure
        var program = LineProgram.Settings(
            command: settings.command, environment: Self.environment())
        program.giveUpAfter = settings.giveUpAfter
        programs = (0..<settings.jobs).map { [program] _ in
            LineProgram(program, onErrorLine: onErrorLine)
        }
    }

    /// This process's own, without what the AWS CLI and its like take credentials from.
    private static func environment() -> [String] {
        OwnProgram.environmentWithoutKeys
    }

    /// Ends the program.
    package func finish() async { for program in programs { await program.finish() } }

    package func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Partition]>) {
        inner.open(saved, done)
    }

    package func read(
        _ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        inner.read(request, into: buffer) { [self] result in
            switch result {
            case .failure(let failure): done(.failure(failure))
            case .success(let page): queue.async { [self] in send(page, done) }
            }
        }
    }

    package func cursor(after item: Int, of page: Page) -> Cursor {
        guard let read = page.made(ReadItems.self) else {
            return inner.cursor(after: item, of: page)
        }
        var before = Page(page.request, in: page.buffer)
        before.items = read.items
        before.made = page.made
        return inner.cursor(after: page.origin(of: item), of: before)
    }

    // MARK: A page's way

    private func send(_ page: Page, _ done: @escaping Done<Page>) {
        var page = page
        page.replyBytes = page.buffer.count
        do throws(FlowFailure) {
            for stage in stages { try stage.apply(to: &page) }
        } catch {
            return done(.failure(error))
        }
        let asked = page.items.indices.filter { page.isToBeWritten($0) }
        if asked.isEmpty { return done(.success(page)) }
        let lines = Self.lines(of: asked, page)
        let program = programs.min { $0.load < $1.load }!
        program.send(
            lines, count: asked.count, bytesMax: 2 * max(page.request.bytesMax, lines.count)
        ) { [self, page] result in
            queue.async { [self] in done(answered(page, asked, result)) }
        }
    }

    private static func lines(of items: [Int], _ page: Page) -> [UInt8] {
        let bytes = page.buffer.bytes
        let length = items.reduce(0) { $0 + Int(page.written($1).length) + 1 }
        return [UInt8](unsafeUninitializedCapacity: length) { lines, count in
            let start = UnsafeMutableRawPointer(lines.baseAddress!)
            for item in items {
                let line = bytes[page.written(item).range]
                memcpy(start + count, bytes.baseAddress! + line.startIndex, line.count)
                unbreak(UnsafeMutableRawBufferPointer(start: start + count, count: line.count))
                count += line.count
                lines[count] = 0x0A
                count += 1
            }
        }
    }

    /// Between two members, where white space means nothing, a line may be broken.
    private static func unbreak(_ line: UnsafeMutableRawBufferPointer) {
        guard let base = line.baseAddress else { return }
        for end in [0x0A, 0x0D] as [Int32] {
            var place = 0
            while let found = memchr(base + place, end, line.count - place) {
                found.storeBytes(of: 0x20, as: UInt8.self)
                place = found - base
            }
        }
    }

    private func answered(
        _ page: Page, _ asked: [Int], _ result: Result<[UInt8], LineProgram.Failure>
    ) -> Result<Page, FlowFailure> {
        switch result {
        case .success(let lines):
            return Result { () throws(FlowFailure) in try made(of: page, asked, lines) }
        case .failure(let failure) where failure.isTooLong && page.items.count > 1:
            // What was read is charged for.
            return .failure(
                FlowFailure(
                    .split, code: "PageTooLong",
                    message: "what the program makes needs more memory than a page has",
                    mayLandWithin: .zero))
        case .failure(let failure):
            let item = asked[min(failure.line, asked.count - 1)]
            return .failure(Self.failure("\(failure.message), at \(key(of: item, page))"))
        }
    }

    private func made(
        of page: Page, _ asked: [Int], _ lines: [UInt8]
    ) throws(FlowFailure) -> Page {
        var page = page
        let read = ReadItems(items: page.items)
        var all: [(Int, Page.Outcome)] = []
        all.reserveCapacity(page.items.count)
        var (start, rewritten) = (page.buffer.count, 0)
        page.buffer.append(lines)
        var next = 0
        for item in page.items.indices {
            guard next < asked.count, asked[next] == item else {
                let verdict: Verdict = page.verdicts.isEmpty ? .write : page.verdicts[item]
                all.append(
                    (item, .init(page.written(item), verdict, letter: page.letters[item])))
                continue
            }
            next += 1
            let end = Self.end(of: start, in: page.buffer)
            let made = try outcomes(of: item, start..<end, page)
            rewritten += made.count { $0.verdict == .write }
            for outcome in made { all.append((item, outcome)) }
            start = end + 1
        }
        page.become(all, rewritten: rewritten)
        page.made.append(read)
        return page
    }

    private static func end(of start: Int, in buffer: ByteBuffer) -> Int {
        let bytes = buffer.bytes
        guard let base = bytes.baseAddress,
            let end = memchr(base + start, 0x0A, bytes.count - start)
        else { return bytes.count }
        return UnsafeRawPointer(end) - base
    }

    private func outcomes(
        of item: Int, _ range: Range<Int>, _ page: Page
    ) throws(FlowFailure) -> [Page.Outcome] {
        do throws(RewriteFailure) {
            let slices = try line.items(at: range, in: page.buffer)
            return slices.isEmpty
                ? [.init(page.written(item), .leaveOut(.unwanted))] : slices.map { .init($0) }
        } catch {
            switch error {
            case .malformed(let error):
                throw Self.failure(
                    "its line for \(key(of: item, page)) can't be read: \(error.reason)")
            case .refused(let refusal): return [try refused(item, page, refusal)]
            }
        }
    }

    private func refused(
        _ item: Int, _ page: Page, _ refusal: ItemRefusal
    ) throws(FlowFailure) -> Page.Outcome {
        let slice = page.written(item)
        switch onFailure {
        case .leaveOut: return .init(slice, .leaveOut(.unchangeable))
        case .keep: return .init(slice)
        case .fail: throw Self.failure("\(refusal), at \(key(of: item, page))")
        case .deadLetter:
            let failure = FlowFailure(
                .giveUp, code: DeadLetter.unchangeableCode, message: "\(refusal)")
            do throws(JSONError) {
                return .init(
                    slice, .refuse(failure),
                    letter: try letters.letter(page.items[item], in: page.buffer.bytes))
            } catch {
                throw FlowFailure(malformed: error, "Scan")
            }
        }
    }

    /// For messages; hidden where it must be.
    private func key(of item: Int, _ page: Page) -> String {
        let letter = try? letters.letter(page.items[item], in: page.buffer.bytes)
        return "the item \(String(decoding: letter?.key ?? [], as: UTF8.self))"
    }

    private static func failure(_ message: String) -> FlowFailure {
        FlowFailure(
            .giveUp, code: "ProgramFailed", message: "the program of --through failed: \(message)",
            hint: "it must write one line for each line that it reads, as jq -c does")
    }
}

/// The items that a page had when it was read.
struct ReadItems: Sendable {
    var items: [ItemSlice]
}

extension Page {
    /// Where an item has come from: what was read, and its number there.
    func read(_ item: Int) -> (slice: ItemSlice, number: Int) {
        let number = origin(of: item)
        return (made(ReadItems.self)?.items[number] ?? items[number], number)
    }
}

extension FlowParts {
    /// Has items become what a transform makes of them.
    /// - Parameters:
    ///   - source: keys of the items as they come.
    ///   - target: and as they are written.
    ///   - matches: notes the places that items have.
    ///   - onErrorLine: gets what a program writes to stderr, line by line; nil: it writes to this
    ///     process's own.
    /// - Returns: a source that is to be finished when the flow has ended.
    package mutating func add(
        _ transform: ItemTransform, from source: KeySchema, to target: KeySchema,
        matches: PlaceMatches?, onErrorLine: (@Sendable (String) -> Void)?
    ) -> ThroughSource? {
        stages += transform.stages(from: source, to: target, matches: matches)
        guard let settings = transform.through else { return nil }
        let through = ThroughSource(
            self.source, stages: stages, transform, settings, from: source, to: target,
            onErrorLine: onErrorLine)
        (self.source, stages) = (through, [])
        return through
    }
}

extension FlowDriver {
    /// Moves the items, and ends the program that they go through.
    package func run(_ through: ThroughSource?) async -> FlowOutcome {
        let outcome = await run()
        await through?.finish()
        return outcome
    }
}
