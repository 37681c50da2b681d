import DynamoModel
import Flow
import JSON
import System

/// Has items be written otherwise than they came: behind them, in the same buffer.
package final class ChangeStage: PageStage, @unchecked Sendable {
    // @unchecked: its flow has one page seen at a time.
    package let isHeavy = true
    package let writesAnew = true
    private let rewriter: ItemRewriter
    /// Of items that are deleted.
    private let keyRewriter: ItemRewriter
    private let letters: LetterWriter
    private let onFailure: ItemTransform.OnFailure
    private var code = DeadLetter.unchangeableCode
    private var verb = "can't be changed"
    private var hint = "see --on-error, or change what is set"

    /// - Parameter key: hashes keys that must not appear in dead letters.
    package init(
        _ changes: any ItemChanging, from source: KeySchema, to target: KeySchema, key: SecretKey?,
        onFailure: ItemTransform.OnFailure, matches: PlaceMatches? = nil
    ) {
        rewriter = ItemRewriter(changes, keys: target, from: source, matches: matches)
        keyRewriter = ItemRewriter(changes.ofKeys(target.names), keys: target, from: source)
        letters = LetterWriter(changes, schema: source, key: key)
        if changes is ItemRules {
            code = DeadLetter.rulesCode
            verb = "is refused by the rules"
            hint = "say in the rules what becomes of it"
        }
        self.onFailure = onFailure
    }

    package func growth(items: Int) -> Int {
        items * (MemoryLayout<ItemSlice>.stride + MemoryLayout<Verdict>.stride)
    }

    package func apply(to page: inout Page) throws(FlowFailure) {
        let received = page.buffer.count
        if letters.hidesItems { hideRefused(&page) }
        for item in page.items.indices where page.isToBeWritten(item) {
            do throws(RewriteFailure) {
                if page.isDelete(item) {
                    try rewriteKey(of: item, in: &page)
                } else if let slice = try rewriter.rewrite(page.items[item], in: page.buffer) {
                    page.replace(item, with: slice)
                }
            } catch {
                switch error {
                case .refused(let refusal): try fail(item, of: &page, refusal)
                // Reading it again would not make it another.
                case .malformed: try fail(item, of: &page, .unreadable)
                }
            }
            guard
                page.buffer.count - received <= 2 * page.request.bytesMax
                    || page.items.count == 1
            else {
                // What was read is charged for.
                throw FlowFailure(
                    .split, code: "PageTooLong",
                    message: "the changed items need more memory than a page has",
                    mayLandWithin: .zero)
            }
        }
    }

    /// What is deleted is what an item of this key has become.
    private func rewriteKey(of item: Int, in page: inout Page) throws(RewriteFailure) {
        let key = page.written(item)
        guard var slice = try keyRewriter.rewrite(key, in: page.buffer) else { return }
        slice.size = key.size
        page.delete(item, key: slice)
    }

    /// What is no item may hold what was to be hidden, too.
    private func hideRefused(_ page: inout Page) {
        for item in page.items.indices where page.isRefused(item) {
            page.letters[item] = PageLetter(key: [], item: [])
        }
    }

    private func fail(
        _ item: Int, of page: inout Page, _ error: ItemRefusal
    ) throws(FlowFailure) {
        var failure = FlowFailure(.giveUp, code: code, message: "\(error)", hint: hint)
        switch onFailure {
        case .leaveOut: page.leaveOut(item, .unchangeable)
        case .keep: break
        case .fail:
            failure.message = "an item \(verb): \(error)"
            throw failure
        case .deadLetter:
            do throws(JSONError) {
                page.letters[item] = try letters.letter(page.items[item], in: page.buffer.bytes)
            } catch {
                throw FlowFailure(malformed: error, "Scan")
            }
            page.refuse(item, failure)
        }
    }
}

extension Page {
    /// No stage has found that it is not.
    func isToBeWritten(_ item: Int) -> Bool {
        if verdicts.isEmpty { return true }
        if case .write = verdicts[item] { return true }
        return false
    }
}

/// What dead letters show of items that could not be changed: all of it, or where the changes hide
/// values the key alone, itself hidden when it is to be.
struct LetterWriter {
    private let schema: KeySchema
    let hidesItems: Bool
    /// Attributes of the key that dead letters must not show; nil: all of them.
    private let hidden: Set<String>?
    private let key: SecretKey

    init(_ changes: any ItemChanging, schema: KeySchema, key: SecretKey?) {
        self.schema = schema
        hidesItems = changes.hidesValues
        hidden = changes.hiddenAttributes.map { names in
            Set(names.map { String(decoding: $0, as: UTF8.self) })
        }
        // Without a key of the user's, one that is drawn for this run and kept nowhere.
        self.key = key ?? .ofThisRun
    }

    func letter(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> PageLetter {
        let raw = try slice.key(in: bytes, schema: schema)
        guard hidesItems else {
            return PageLetter(key: raw, item: Array(bytes[slice.range]))
        }
        let shown = try shownKey(raw)
        return PageLetter(key: shown, item: shown)
    }

    private func shownKey(_ raw: [UInt8]) throws(JSONError) -> [UInt8] {
        if hidden?.isEmpty == true { return raw }
        let json = try JSON(parsing: raw)
        let members = (json.members ?? []).map { member in
            guard hidden?.contains(member.name) ?? true,
                let value = try? AttributeValue(member.value),
                let code = try? key.code(of: value)
            else { return member }
            return JSON.Member(member.name, ["S": .string(String(decoding: code, as: UTF8.self))])
        }
        return JSON.object(members).bytes
    }
}

extension SecretKey {
    /// One that is drawn for this run and kept nowhere.
    static let ofThisRun: SecretKey = {
        var generator = SystemRandomNumberGenerator()
        return SecretKey(
            (0..<bytesMin).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }()
}

extension DeadLetter {
    /// Of an item that could not be changed as it was to be.
    package static let unchangeableCode = "CannotChange"
    /// Of one that rules refuse: its key is hashed, and the reason names a place.
    package static let rulesCode = "RefusedByRules"

    /// The target was not asked: the job could not make of the item what it was to become.
    package var isUnchangeable: Bool {
        code == Self.unchangeableCode || code == Self.rulesCode
    }
}
