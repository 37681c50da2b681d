import Connectors
import JSON
import System

/// How many items there are of each kind.
package struct VerifyCounters: Equatable, Sendable {
    /// Read from each side; of a sample, those of its segments.
    package var itemsInSource = 0
    package var itemsInTarget = 0
    package var different = 0
    package var onlyInSource = 0
    package var onlyInTarget = 0
    /// Past their time to live, on one side only.
    package var pastTTL = 0
    package var changing = 0
    /// Of the source: what can't be changed as it is to be. Such are in no copy.
    package var unchangeable = 0
    /// Of the three kinds that stay different: since when they are.
    package private(set) var causes = VerifyCauses()
    /// Of these: those that only the target has.
    package private(set) var causesInTarget = VerifyCauses()
    /// Of the differences: what a repair has done.
    package var repaired = 0
    package var deleted = 0
    package var deadLetters = 0
    /// Of those that are past their time to live or changing: on the source's side.
    private(set) var oddInSource = 0
    /// Of those that are past their time to live: on the source's side.
    private(set) var pastTTLInSource = 0

    package init() {}

    /// Items of the source that are on the other side too, and equal.
    package var equal: Int { max(0, itemsInSource - different - onlyInSource - oddInSource) }

    /// What makes tables different.
    package var differences: Int { different + onlyInSource + onlyInTarget + changing }

    /// Those that no repair has ended.
    package var differencesLeft: Int { differences - repaired - deleted }

    /// Those that have changed since they were read, unless a repair may have ended some of them.
    package var changedSinceLeft: Int { repaired + deleted == 0 ? causes.changedSince : 0 }

    /// What only the target has was there before anything was copied.
    package mutating func leaveOutCausesInTarget() {
        causes = causes - causesInTarget
        causesInTarget = VerifyCauses()
    }

    package mutating func add(_ finding: VerifyFinding) {
        switch finding.kind {
        case .different: different += 1
        case .onlyInSource: onlyInSource += 1
        case .onlyInTarget: onlyInTarget += 1
        case .pastTTL: pastTTL += 1
        case .changing: changing += 1
        }
        switch finding.kind {
        case .different, .onlyInSource: causes.add(finding.cause)
        case .onlyInTarget:
            causes.add(finding.cause)
            causesInTarget.add(finding.cause)
        case .pastTTL, .changing:
            guard finding.source != nil else { break }
            oddInSource += 1
            if finding.kind == .pastTTL { pastTTLInSource += 1 }
        }
        switch finding.repair {
        case .written: repaired += 1
        case .deleted: deleted += 1
        case .refused: deadLetters += 1
        case nil: break
        }
    }

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        for (_, path) in named { sum[keyPath: path] += right[keyPath: path] }
        return sum
    }

    /// Reads what ``json`` wrote.
    package init(json: JSON) {
        for (name, path) in Self.named {
            // So files of older versions call it.
            let before = name.replacing("differedAtFirstRead", with: "copiedWrongly")
            self[keyPath: path] =
                (json[name] ?? json[before])?.int(in: 0...JobProgress.countMax) ?? 0
        }
    }

    /// As reports have them: with what follows from them, and without what it takes to know that.
    package var reported: JSON {
        var json = json
        for name in Self.unreported { json[name] = nil }
        json["equal"] = JSON(equal)
        json["left"] = JSON(differencesLeft)
        return json
    }

    /// As a job's file keeps them.
    package var json: JSON {
        .object(Self.named.map { JSON.Member($0.name, JSON(self[keyPath: $0.path])) })
    }

    private static let unreported = [
        "oddInSource", "pastTTLInSource", "differedAtFirstReadInTarget", "changedSinceInTarget",
        "unknownCauseInTarget",
    ]

    private static let named: [(name: String, path: WritableKeyPath<Self, Int> & Sendable)] = [
        ("itemsInSource", \.itemsInSource), ("itemsInTarget", \.itemsInTarget),
        ("different", \.different), ("onlyInSource", \.onlyInSource),
        ("onlyInTarget", \.onlyInTarget), ("pastTTL", \.pastTTL), ("changing", \.changing),
        ("unchangeable", \.unchangeable),
        ("repaired", \.repaired), ("deleted", \.deleted), ("deadLetters", \.deadLetters),
        ("oddInSource", \.oddInSource), ("pastTTLInSource", \.pastTTLInSource),
        ("differedAtFirstRead", \.causes.differedAtFirstRead),
        ("changedSince", \.causes.changedSince), ("unknownCause", \.causes.unknown),
        ("differedAtFirstReadInTarget", \.causesInTarget.differedAtFirstRead),
        ("changedSinceInTarget", \.causesInTarget.changedSince),
        ("unknownCauseInTarget", \.causesInTarget.unknown),
    ]
}

/// How many items differ for each cause.
package struct VerifyCauses: Equatable, Sendable {
    package var differedAtFirstRead = 0
    package var changedSince = 0
    package var unknown = 0

    package init() {}

    package mutating func add(_ cause: VerifyFinding.Cause) {
        switch cause {
        case .differedAtFirstRead: differedAtFirstRead += 1
        case .changedSince: changedSince += 1
        case .unknown: unknown += 1
        }
    }

    package var sum: Int { differedAtFirstRead + changedSince + unknown }

    package static func - (left: Self, right: Self) -> Self {
        var rest = left
        rest.differedAtFirstRead -= right.differedAtFirstRead
        rest.changedSince -= right.changedSince
        rest.unknown -= right.unknown
        return rest
    }
}
