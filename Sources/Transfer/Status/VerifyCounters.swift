import Connectors
import DynamoModel
import Flow
import Glibc
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

    package init() {}

    /// Items of the source that are on the other side too, and equal.
    package var equal: Int { max(0, itemsInSource - different - onlyInSource - oddInSource) }

    /// What makes tables different.
    package var differences: Int { different + onlyInSource + onlyInTarget + changing }

    /// Those that no repair has ended.
    package var differencesLeft: Int { differences - repaired - deleted }

    /// Those that have changed since they were read, unless a repair may have ended some of them.
    var changedSinceLeft: Int { repaired + deleted == 0 ? causes.changedSince : 0 }

    /// What only the target has was there before anything was copied.
    mutating func leaveOutCausesInTarget() {
        causes = causes - causesInTarget
        causesInTarget = VerifyCauses()
    }

    mutating func add(_ finding: VerifyFinding) {
        switch finding.kind {
        case .different: different += 1
        case .onlyInSource: onlyInSource += 1
        case .onlyInTarget: onlyInTarget += 1
        case .pastTTL: pastTTL += 1
        case .changing: changing += 1
        }
        if finding.kind == .pastTTL || finding.kind == .changing, finding.source != nil {
            oddInSource += 1
        }
        switch finding.kind {
        case .different, .onlyInSource: causes.add(finding.cause)
        case .onlyInTarget:
            causes.add(finding.cause)
            causesInTarget.add(finding.cause)
        case .pastTTL, .changing: break
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
    init(json: JSON) {
        for (name, path) in Self.named {
            // So files of older versions call it.
            let before = name.replacing("differedAtFirstRead", with: "copiedWrongly")
            self[keyPath: path] =
                (json[name] ?? json[before])?.int(in: 0...JobFile.countMax) ?? 0
        }
    }

    /// As a job's file keeps them.
    package var json: JSON {
        .object(Self.named.map { JSON.Member($0.name, JSON(self[keyPath: $0.path])) })
    }

    private static let named: [(name: String, path: WritableKeyPath<Self, Int> & Sendable)] = [
        ("itemsInSource", \.itemsInSource), ("itemsInTarget", \.itemsInTarget),
        ("different", \.different), ("onlyInSource", \.onlyInSource),
        ("onlyInTarget", \.onlyInTarget), ("pastTTL", \.pastTTL), ("changing", \.changing),
        ("repaired", \.repaired), ("deleted", \.deleted), ("deadLetters", \.deadLetters),
        ("oddInSource", \.oddInSource), ("differedAtFirstRead", \.causes.differedAtFirstRead),
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

    mutating func add(_ cause: VerifyFinding.Cause) {
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

/// What became of the verification of one table.
package enum VerifyOutcome: Equatable, Sendable {
    case equal
    /// There were differences; a repair has ended all of them.
    case repaired
    case different
    case stopped
    case failed(FlowFailure)
}

/// What a sample tells of the whole.
package struct SampleConfidence: Equatable, Sendable {
    package let segmentsRead: Int
    package let segments: Int

    package var share: Double { Double(segmentsRead) / Double(segments) }

    /// So many differing items, wherever they lie, leave no trace in the sample with a probability
    /// of at most a twentieth: each is missed with a probability of one less the share.
    package var itemsSeen: Int {
        guard segmentsRead < segments else { return 1 }
        return Int(clamping: (log(0.05) / log1p(-share)).rounded(.up))
    }
}

/// How the verification of one table went, or goes.
package struct TableVerdict: Equatable, Sendable {
    package var source: String
    package var target: String
    /// nil while it has not ended.
    package var outcome: VerifyOutcome?
    package var counters = VerifyCounters()
    /// Where the definitions of both tables differ, in words.
    package var schemaDifferences: [String] = []
    /// Where their settings differ, in words.
    package var settingDifferences: [String] = []
    /// What else its user should know, in words.
    package var notes: [String] = []
    /// nil unless a sample was asked for.
    package var sample: SampleConfidence?
    package var progress = VerifyProgress()

    package init(source: String, target: String) {
        self.source = source
        self.target = target
    }

    /// It can tell.
    package var isConclusive: Bool { [.equal, .repaired, .different].contains(outcome) }

    /// The tables themselves differ, whatever their items do.
    var isUnlike: Bool { !schemaDifferences.isEmpty || !settingDifferences.isEmpty }
}

/// What a verification has come to.
package struct VerifyReport: Equatable, Sendable {
    /// In the order that the tables were given in.
    package var verdicts: [TableVerdict]
    /// Files of items that a target refused.
    package var deadLettersPaths: [String] = []
    /// nil when nothing was kept.
    package var jobID: String?
    /// Processes that have run it.
    package var runs = 1
}

/// Where the verification of a table stands.
package struct VerifyProgress: Equatable, Sendable {
    package enum Stage: String, Equatable, Sendable {
        case waiting
        /// The first pass: sums.
        case summing
        /// Segments that differ are read again.
        case readingAgain
        /// Items that differ are read by their keys.
        case looking
        /// Items that differ are read by their keys and repaired.
        case repairing
        case ended
    }

    package var stage = Stage.waiting
    package var elapsed: Duration = .zero
    package var segments = 0
    /// The first pass, and the second as far as there is one.
    package var source = ScanProgress()
    package var target = ScanProgress()
    package var segmentsReadAgain = 0
    /// Segments that hold items.
    package var segmentsHeld = 0
    /// Files of keys that memory did not hold.
    package var runsSpilled = 0
    /// Items that were read by their keys, on each side.
    package var itemsLookedAt = 0
    /// Of a repair.
    package var writeUnits = 0.0
    package var writesThrottled = 0
    package var writes = 0
    package var storedBytesWritten = 0
    package var jsonBytesWritten = 0
    package var writeUnitsPerSecond = 0.0
    package var writeLimit: Double?

    package init() {}
}
