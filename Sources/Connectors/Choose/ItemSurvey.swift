import DynamoModel
import Flow
import JSON
import System

/// Looks at what would become of items, and changes nothing: what each place of them would become,
/// why some would be refused, and some of them before and after.
package final class ItemSurvey: PageStage {
    package struct Options: Equatable, Sendable {
        /// Items that are shown.
        package var examples = 0
        /// Also as they are where their values are to be hidden.
        package var showsRaw = false
        /// Of all items, not of a sample.
        package var isFull = false

        package init() {}
    }

    /// One item, before and after.
    package struct Example: Equatable, Sendable {
        /// nil: it must not be shown.
        package var before: JSON?
        /// nil: it is refused, and why.
        package var after: JSON?
        package var refusal: String?
    }

    /// A place, what would be done with it, and in how many items it is.
    package struct Place: Equatable, Sendable {
        package var path: String
        /// `keep`, as in a file of rules; nil: the item is refused for it.
        package var action: String?
        package var items: Int
    }

    package struct Findings: Equatable, Sendable {
        /// Items that were looked at, and of these those that nobody wants.
        package var items = 0
        package var unwanted = 0
        /// Why items are refused, and how many.
        package fileprivate(set) var refusals: [String: Int] = [:]
        package fileprivate(set) var examples: [Example] = []
        /// All items were looked at.
        package var isComplete = false
        fileprivate var places: [PlaceKey: Int] = [:]

        package var refused: Int { refusals.values.reduce(0, +) }

        /// By their paths; only where rules say what becomes of them.
        package var allPlaces: [Place] {
            places.map { Place(path: $0.path, action: $0.action, items: $1) }
                .sorted { ($0.path, $0.action ?? "") < ($1.path, $1.action ?? "") }
        }
    }

    fileprivate struct PlaceKey: Hashable, Sendable {
        var path: String
        var action: String?
    }

    package let isHeavy = true
    package let writesAnew = true
    private let transform: ItemTransform
    private let keys: (source: KeySchema, target: KeySchema)
    private let options: Options
    private let cutter: PageCutter
    private let found = Locked(Findings())

    /// Names of members may be data: beyond this many, places are counted together.
    private static let placesMax = 10_000
    private static let refusalsMax = 1_000

    package init(
        _ transform: ItemTransform, from source: KeySchema, to target: KeySchema,
        _ options: Options
    ) {
        var transform = transform
        transform.onFailure = .deadLetter
        self.transform = transform
        keys = (source, target)
        self.options = options
        cutter = PageCutter(schema: source)
    }

    package var findings: Findings { found.withLock { $0 } }

    package func growth(items: Int) -> Int { items * MemoryLayout<ItemSlice>.stride }

    /// - Parameter items: as a reply has them.
    package func look(at items: [JSON]) throws(FlowFailure) {
        let buffer = ByteBuffer()
        let reply: JSON = ["Count": JSON(items.count), "Items": .array(items)]
        buffer.append(reply.bytes)
        var page = Page(
            PageRequest(
                partition: Partition(name: "sample"), after: nil, itemsMax: .max,
                bytesMax: 1 << 30), in: buffer)
        do throws(JSONError) {
            page.items = try cutter.cut(buffer.bytes).items
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
        try apply(to: &page)
    }

    package func apply(to page: inout Page) throws(FlowFailure) {
        for stage in transform.stages(from: keys.source, to: keys.target) {
            try stage.apply(to: &page)
        }
        do {
            for item in page.items.indices { try look(at: item, of: page) }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
    }

    private func look(at item: Int, of page: Page) throws {
        let verdict: Verdict = page.verdicts.isEmpty ? .write : page.verdicts[item]
        if case .leaveOut = verdict {
            return found.withLock { found in
                found.items += 1
                found.unwanted += 1
            }
        }
        let bytes = page.buffer.bytes
        let rules = transform.changes as? ItemRules
        let showsNow = found.withLock { $0.examples.count < options.examples }
        let isShown = showsNow || rules != nil
        let before: JSON? =
            isShown ? try JSON(parsing: Array(bytes[page.items[item].range])) : .none
        var refusal: String?
        if case .refuse(let failure) = verdict { refusal = failure.message }
        let after: JSON? =
            showsNow && refusal == nil
            ? try JSON(parsing: Array(bytes[page.written(item).range])) : .none
        let isHidden = transform.changes?.hidesValues == true && !options.showsRaw
        var places: [ItemRules.Place] = []
        if let rules, let before { places = rules.places(of: try Item(before)) }
        found.withLock { found in
            found.items += 1
            if let refusal { found.add(refusal, most: Self.refusalsMax) }
            found.add(places, most: Self.placesMax)
            guard showsNow, found.examples.count < options.examples else { return }
            found.examples.append(
                Example(before: isHidden ? .none : before, after: after, refusal: refusal))
        }
    }
}

extension ItemSurvey.Findings {
    /// Beyond this many reasons, the rest are counted together.
    fileprivate mutating func add(_ refusal: String, most: Int) {
        let word = refusals[refusal] != nil || refusals.count < most ? refusal : "and other reasons"
        refusals[word, default: 0] += 1
    }

    fileprivate mutating func add(_ places: [ItemRules.Place], most: Int) {
        // A list has the same place many times.
        let keys = Set(
            places.map { ItemSurvey.PlaceKey(path: "\($0.path)", action: $0.action?.word) })
        for key in keys {
            let known = self.places[key] != nil || self.places.count < most
            self.places[
                known ? key : ItemSurvey.PlaceKey(path: "(others)", action: key.action), default: 0
            ] += 1
        }
    }
}
