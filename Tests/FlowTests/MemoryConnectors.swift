import Dispatch
import DynamoModel
import Flow
import Pacing
import System

/// Lists of lines; a cursor says how many of its list are behind it. Answers at once, or later on
/// another thread; fails now and then, and gives pages that hold less than was asked for.
final class LinesSource: PageSource, @unchecked Sendable {
    // @unchecked: what changes is behind `state`'s lock.
    let lists: [String: [String]]
    let shape: PageShape
    private let chance: Chance
    let state = Locked(State())

    struct State {
        /// Requests under way, by partition, and the most bytes asked for at once.
        var underWay: Set<String> = []
        var violations: [String] = []
        var reads = 0
    }

    init(_ lists: [String: [String]], _ chance: Chance, itemBytesMax: Int = 256) {
        self.lists = lists
        self.chance = chance
        shape = PageShape(
            itemBytesMax: itemBytesMax, pageBytesMax: 1 << 14, replyBytesPerByteMax: 1,
            envelope: 64, unitBytes: 1024, unit: 1)
    }

    func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Partition]>) {
        chance.answer(done, .success(lists.keys.sorted().map { Partition(name: $0) }))
    }

    func read(_ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>) {
        let name = request.partition.name
        state.withLock { state in
            state.reads += 1
            if !state.underWay.insert(name).inserted {
                state.violations.append("\(name) is read twice at once")
            }
        }
        let answer: Done<Page> = { [state] result in
            state.withLock { _ = $0.underWay.remove(name) }
            done(result)
        }
        if let failure = chance.failure() { return chance.answer(answer, .failure(failure)) }
        let lines = (lists[name] ?? []).dropFirst(Self.count(request.after))
        var page = Page(request, in: buffer)
        for line in lines.prefix(chance.part(of: request.itemsMax)) {
            let start = buffer.count
            buffer.append(Array(line.utf8))
            page.items.append(
                ItemSlice(
                    offset: UInt32(start), length: UInt32(line.utf8.count),
                    size: UInt32(line.utf8.count)))
            page.storedBytes += line.utf8.count
        }
        guard buffer.count <= request.bytesMax else {
            var failure = FlowFailure(.split, code: "TooLong", message: "")
            failure.replyBytes = buffer.count
            buffer.removeAll()
            return chance.answer(answer, .failure(failure))
        }
        if page.items.count < lines.count {
            page.next = .more(Self.cursor(Self.count(request.after) + page.items.count))
        }
        chance.answer(answer, .success(page))
    }

    func cursor(after item: Int, of page: Page) -> Cursor {
        Self.cursor(Self.count(page.request.after) + item + 1)
    }

    static func count(_ cursor: Cursor?) -> Int {
        cursor.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self)) } ?? 0
    }

    private static func cursor(_ count: Int) -> Cursor { Cursor(bytes: Array("\(count)".utf8)) }
}

/// What of a line's fate is decided by its text: `poison-...` is refused for good, `kept-...` and
/// `changed-...` are not written.
final class LinesSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is behind `state`'s lock.
    let shape: BatchShape
    private let chance: Chance
    let state = Locked(State())

    struct State {
        var lines: Set<String> = []
        var acknowledged = 0
        var isFrozen = false
    }

    init(_ chance: Chance, itemsMax: Int = 7) {
        self.chance = chance
        shape = BatchShape(
            itemsMax: itemsMax, bytesMax: 1 << 14, itemOverhead: 1, envelope: 16, memoryFactor: 2,
            unitBytes: 64)
    }

    func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        let lines = batch.map { String(decoding: $0.bytes, as: UTF8.self) }
        if state.withLock({ $0.isFrozen }) { return }
        if let failure = chance.failure() {
            // It may have been done all the same.
            if failure.isOutcomeUnknown { state.withLock { $0.lines.formUnion(takeable(lines)) } }
            return chance.answer(done, .failure(failure))
        }
        if lines.contains(where: { $0.hasPrefix("poison") }) {
            return chance.answer(
                done, .failure(FlowFailure(.split, code: "Refused", message: "poison")))
        }
        var exceptions: [BatchReply.Exception] = []
        for (position, line) in lines.enumerated() {
            if line.hasPrefix("kept") {
                exceptions.append(.init(position, .kept))
            } else if line.hasPrefix("changed") {
                exceptions.append(.init(position, .changed))
            } else if chance.isUnprocessed() {
                exceptions.append(.init(position, .unprocessed))
            } else {
                state.withLock { _ = $0.lines.insert(line) }
            }
        }
        chance.answer(done, .success(BatchReply(exceptions)))
    }

    private func takeable(_ lines: [String]) -> [String] {
        lines.filter { line in !["poison", "kept", "changed"].contains { line.hasPrefix($0) } }
    }
}

/// What goes wrong, and when answers come: all from a seed, but for the order of threads.
final class Chance: Sendable {
    private let generator: Locked<SeededGenerator>
    let faults: Double

    init(seed: UInt64, faults: Double = 0) {
        generator = Locked(SeededGenerator(seed: seed))
        self.faults = faults
    }

    func isSo(_ share: Double) -> Bool {
        share > 0 && generator.withLock { Double.random(in: 0..<1, using: &$0) } < share
    }

    func failure() -> FlowFailure? {
        guard isSo(faults) else { return nil }
        if isSo(0.5) { return FlowFailure(.slowDown, code: "Slow", message: "slow down") }
        return FlowFailure(
            .retry, code: "Lost", message: "no answer", mayLandWithin: .milliseconds(1))
    }

    func isUnprocessed() -> Bool { isSo(faults) }

    func part(of most: Int) -> Int {
        guard isSo(faults) else { return most }
        return generator.withLock { Int.random(in: 0...most, using: &$0) }
    }

    /// At once, twice, or from another thread.
    func answer<Value>(_ done: @escaping Done<Value>, _ result: Result<Value, FlowFailure>)
    where Value: Sendable {
        if isSo(0.5) {
            done(result)
        } else {
            Self.other.async { done(result) }
        }
        // A second answer counts for nothing.
        if isSo(faults) { Self.other.async { done(result) } }
    }

    private static let other = DispatchQueue(label: "claims.other", attributes: .concurrent)
}
