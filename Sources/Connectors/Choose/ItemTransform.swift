import DynamoModel
import Flow
import JSON
import System

/// What becomes of a table's items on the way: which of them are wanted, and what is changed of
/// these.
package struct ItemTransform: Equatable, Sendable {
    /// What becomes of an item that can't be changed as it is to be.
    package enum OnFailure: String, CaseIterable, Sendable {
        case deadLetter = "dead-letter"
        case leaveOut = "leave-out"
        /// It is written as it was read.
        case keep
        /// The run ends.
        case fail
    }

    /// The expressions, as a user writes them.
    package struct Texts: Equatable, Sendable {
        /// A condition.
        package var wanted: String?
        package var set: String?
        package var remove: String?

        package init(wanted: String? = nil, set: String? = nil, remove: String? = nil) {
            (self.wanted, self.set, self.remove) = (wanted, set, remove)
        }
    }

    /// Which of the texts can't be read, and why.
    package struct Refusal: Error, CustomStringConvertible, Equatable, Sendable {
        package enum Text: Equatable, Sendable { case wanted, set, remove }

        package let text: Text
        package let error: ExpressionError

        package var description: String { error.description }
    }

    private let texts: Texts
    private let context: ValueContext
    /// `now()` is the job's start, which is not known before it is opened.
    private let takesTimeOfJob: Bool
    package let filter: ItemFilter?
    package let changes: (any ItemChanging)?
    private let rules: ItemRules?
    package var onFailure = OnFailure.deadLetter
    /// Of what is made; nil: those of the source.
    package var keys: KeySchema?
    /// Which of all partition keys are wanted; nil: all.
    package var fraction: KeyFraction?
    /// Only items with these keys; nil: all.
    package var keyList: KeyList?
    /// A program that all else has gone through before.
    package var through: ThroughSource.Settings?

    package static func == (left: Self, right: Self) -> Bool {
        left.texts == right.texts && left.context.key == right.context.key
            && left.context.now == right.context.now && left.onFailure == right.onFailure
            && left.keys == right.keys && left.fraction == right.fraction
            && left.rules == right.rules && left.through == right.through
            && left.keyList == right.keyList
    }

    /// All items, as they are.
    package init() {
        (texts, context, takesTimeOfJob) = (Texts(), ValueContext(), false)
        (filter, changes, rules) = (nil, nil, nil)
    }

    /// - Parameters:
    ///   - key: what `hash` hashes with.
    ///   - now: what `now()` is; nil: the job's start, where there is a job, else unknown.
    ///   - rules: in place of `set` and `remove`.
    package init(
        _ texts: Texts, rules: ItemRules? = nil, key: SecretKey? = nil, now: Int? = nil,
        hasJob: Bool
    ) throws(Refusal) {
        self.texts = texts
        self.rules = rules
        takesTimeOfJob = hasJob && now == nil
        let context = ValueContext(now: hasJob ? now ?? 0 : now, key: key)
        self.context = context
        do throws(ExpressionError) {
            filter = try texts.wanted.map { text throws(ExpressionError) in
                try ItemFilter(text, context)
            }
        } catch {
            throw Refusal(text: .wanted, error: error)
        }
        guard texts.set != nil || texts.remove != nil else {
            changes = rules
            return
        }
        do throws(ItemChanges.Refusal) {
            changes = try ItemChanges(set: texts.set, remove: texts.remove, context)
        } catch {
            throw Refusal(text: error.text == .set ? .set : .remove, error: error.error)
        }
    }

    /// The same in a job that began at this time, in seconds since 1970.
    package func inJob(begunAt seconds: Double) -> ItemTransform {
        guard takesTimeOfJob else { return self }
        let now = Int(clamping: seconds.rounded(.down))
        do {
            var bound = try ItemTransform(
                texts, rules: try rules?.bound(to: ValueContext(now: now, key: context.key)),
                key: context.key, now: now, hasJob: true)
            (bound.onFailure, bound.keys, bound.fraction) = (onFailure, keys, fraction)
            (bound.through, bound.keyList) = (through, keyList)
            return bound
        } catch {
            // Whether a text can be read depends on no time (``ValueExpression/now(_:)``).
            preconditionFailure("what could be read can't be any more: \(error)")
        }
    }

    /// Nothing is chosen, and nothing changed.
    package var isNone: Bool {
        texts == Texts() && rules == nil && keys == nil && fraction == nil && through == nil
            && keyList == nil
    }

    /// Whether an item is wanted.
    /// - Parameter bytes: that a cutter has cut it out of.
    /// - Throws: when the bytes are no item of DynamoDB's.
    func wants(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> Bool {
        if let fraction, try !fraction.wants(slice, in: bytes) { return false }
        return try filter?.wants(slice, in: bytes) ?? true
    }

    /// Whether an item may be wanted, as far as its key tells.
    func wantsKey(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> Bool {
        try fraction?.wants(slice, in: bytes) ?? true
    }

    /// What keeps keys from being computed of keys alone: an attribute that is none, and is read
    /// where one is set; nil: nothing does.
    package func otherAttributeRead(settingKeysOf schema: KeySchema) -> String? {
        changes?.attributeRead(settingKeys: schema.names).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether items get other keys than they have.
    /// - Parameters:
    ///   - source: keys of the items as they come.
    ///   - target: and as they are written.
    package func movesKeys(from source: KeySchema, to target: KeySchema) -> Bool {
        let names = source.names + target.names
        return source != target || through != nil
            || changes?.changedAttributes.contains { names.contains($0) } == true
    }

    /// Hashes keys that must not appear in messages and files; nil: they may.
    package var hidingKey: SecretKey? {
        changes?.hidesValues == true ? context.key ?? .ofThisRun : nil
    }

    /// What a job that does this is known by.
    package var identity: [JSON.Member] {
        var members: [JSON.Member] = []
        if let wanted = texts.wanted { members.append(JSON.Member("where", .string(wanted))) }
        if let set = texts.set { members.append(JSON.Member("set", .string(set))) }
        if let remove = texts.remove { members.append(JSON.Member("remove", .string(remove))) }
        if let rules {
            members.append(JSON.Member("rules", .string(rules.fingerprint)))
        }
        if let through {
            members.append(JSON.Member("through", .string(through.command)))
        }
        if let keyList {
            members.append(JSON.Member("keyList", .string(keyList.digest)))
        }
        if let fraction {
            members.append(JSON.Member("fraction", .number("\(fraction.share)")))
        }
        if let keys { members.append(JSON.Member("keys", .string("\(keys)"))) }
        if let key = context.key { members.append(JSON.Member("secret", .string(key.fingerprint))) }
        if changes != nil || through != nil, onFailure != .deadLetter {
            members.append(JSON.Member("onError", .string(onFailure.rawValue)))
        }
        if !takesTimeOfJob, let now = context.now {
            members.append(JSON.Member("now", .number("\(now)")))
        }
        return members
    }

    /// Notes which of the places that are named some item has, in all runs of a job.
    /// - Parameter earlier: what earlier ones have met.
    package func matches(earlier: [String]) -> PlaceMatches? {
        changes.map { PlaceMatches($0, earlier: earlier) }
    }

    /// - Parameters:
    ///   - source: keys of the items as they come.
    ///   - target: and as they are written.
    ///   - matches: notes the places that items have.
    package func stages(
        from source: KeySchema, to target: KeySchema, matches: PlaceMatches? = nil
    ) -> [any PageStage] {
        var stages: [any PageStage] = []
        if filter != nil || fraction != nil { stages.append(FilterStage(self)) }
        if changes != nil || source != target {
            stages.append(
                ChangeStage(
                    changes ?? ItemChanges(), from: source, to: target, key: context.key,
                    onFailure: onFailure, matches: matches))
        }
        return stages
    }
}
