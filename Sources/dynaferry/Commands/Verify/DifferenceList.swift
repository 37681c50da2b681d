import AWS
import Arguments
import Connectors
import Flow
import JSON
import Pacing
import System
import Transfer

/// What verifications find: all of it goes to a file, and some, drawn by chance, is shown. Any
/// thread may call its methods.
final class DifferenceList: Sendable {
    /// An item that differs, as it is shown.
    struct Shown: Equatable, Sendable {
        let table: Int
        let source: String
        let target: String
        let kind: VerifyFinding.Kind
        let cause: VerifyFinding.Cause
        let key: JSON
        let attributes: [VerifyFinding.Attribute]
        let repair: VerifyFinding.Repair?
    }

    private let shownMax: Int
    private let showsValues: Bool
    private let file: ListFile?
    private let state: Locked<State>

    private struct State {
        var seen = 0
        var shown: [Shown] = []
        var generator = SystemRandomNumberGenerator()
    }

    init(shown: Int, showsValues: Bool, file: ListFile?) {
        shownMax = shown
        self.showsValues = showsValues
        self.file = file
        state = Locked(State())
    }

    func add(_ finding: VerifyPreparation.Finding) throws(FlowFailure) {
        if let file {
            do throws(CommandFailure) {
                try file.append(line(finding).text)
            } catch {
                throw FlowFailure(
                    .giveUp, code: "Output", message: error.message,
                    hint: error.hints.first)
            }
        }
        keep(finding)
    }

    /// Each of so many has the same chance to be among those that are kept.
    private func keep(_ finding: VerifyPreparation.Finding) {
        state.withLock { state in
            state.seen += 1
            guard shownMax > 0 else { return }
            if state.shown.count < shownMax {
                state.shown.append(shown(finding))
            } else {
                let place = Int.random(in: 0..<state.seen, using: &state.generator)
                if place < shownMax { state.shown[place] = shown(finding) }
            }
        }
    }

    private func shown(_ finding: VerifyPreparation.Finding) -> Shown {
        Shown(
            table: finding.table, source: finding.source, target: finding.target,
            kind: finding.item.kind, cause: finding.item.cause, key: Self.json(finding.item.key),
            attributes: finding.item.attributes, repair: finding.item.repair)
    }

    private static func json(_ bytes: [UInt8]) -> JSON {
        (try? JSON(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
    }

    private func line(_ finding: VerifyPreparation.Finding) -> JSON {
        let item = finding.item
        var json: JSON = [
            "source": .string(finding.source), "target": .string(finding.target),
            "kind": .string(item.kind.rawValue), "cause": .string(item.cause.rawValue),
            "key": Self.json(item.key),
            "attributes": .array(item.attributes.map { .string($0.name) }),
        ]
        if let repair = item.repair { json["repair"] = .string(repair.word) }
        if showsValues {
            json["sourceItem"] = item.source.map(Self.json) ?? nil
            json["targetItem"] = item.target.map(Self.json) ?? nil
        }
        return json
    }

    /// Those that are shown, by table and key.
    var sample: [Shown] {
        state.withLock { $0.shown }.sorted {
            $0.table != $1.table ? $0.table < $1.table : $0.key.text < $1.key.text
        }
    }

    /// Puts the file in its place, unless the list is not whole. Returns its path when it is there.
    func finish(isWhole: Bool) throws(CommandFailure) -> String? {
        guard let file else { return nil }
        return isWhole ? try file.finish() : nil
    }
}

extension VerifyFinding.Repair {
    /// As reports call it.
    var word: String {
        switch self {
        case .written: "repaired"
        case .deleted: "deleted"
        case .refused: "deadLetter"
        }
    }
}
