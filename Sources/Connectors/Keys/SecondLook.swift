import DynamoModel
import JSON
import System

/// Reads items that scans found to differ again on both sides, by their keys and consistently:
/// what is equal now was changed in between, or lay elsewhere on one side; what stands as it stood
/// differs; what is different each time is changing.
package struct SecondLook: Sendable {
    package let source: KeyReader
    package let target: KeyReader
    /// The attributes that hold the time to live; nil where there is none.
    package let expiry: (source: String?, target: String?)
    /// Seconds since 1970.
    package let now: Int

    package init(
        source: KeyReader, target: KeyReader, expiry: (source: String?, target: String?), now: Int
    ) {
        (self.source, self.target) = (source, target)
        self.expiry = expiry
        self.now = now
    }

    /// How often an item that keeps changing is read.
    package static let rounds = 3

    /// What two digests say of an item; nil where it is not there.
    private struct State: Equatable {
        var source: UInt128?
        var target: UInt128?

        var isEqual: Bool { source == target }
    }

    /// - Parameter differences: as many as one request may ask for.
    /// - Returns: those that do differ; nil when it is to stop.
    package func look(_ differences: [KeyDifference]) async throws -> [VerifyFinding]? {
        var findings: [VerifyFinding] = []
        var pending = differences.map { difference in
            (
                difference: difference,
                state: State(source: difference.source?.item, target: difference.target?.item)
            )
        }
        for round in 1...Self.rounds {
            let keys = pending.map(\.difference.key)
            async let sources = source.read(keys)
            async let targets = target.read(keys)
            guard let left = try await sources, let right = try await targets else { return nil }
            var changed = pending
            changed.removeAll()
            for (difference, before) in pending {
                let (one, other) = (left[difference.keyHash], right[difference.keyHash])
                let state = State(source: one?.digest.item, target: other?.digest.item)
                if state.isEqual { continue }
                if state == before {
                    findings.append(finding(difference, one, other))
                } else if round < Self.rounds {
                    changed.append((difference, state))
                } else {
                    findings.append(
                        VerifyFinding(
                            kind: .changing, key: difference.key, source: one?.bytes,
                            target: other?.bytes))
                }
            }
            pending = changed
            if pending.isEmpty { break }
        }
        return findings
    }

    private func finding(
        _ difference: KeyDifference, _ source: KeyReader.Found?, _ target: KeyReader.Found?
    ) -> VerifyFinding {
        var finding = VerifyFinding(
            kind: .different, key: difference.key, source: source?.bytes, target: target?.bytes)
        finding.cause = VerifyFinding.Cause(
            difference, now: (source?.digest.item, target?.digest.item))
        if target == nil, let source {
            finding.kind = isPast(source, expiry.source) ? .pastTTL : .onlyInSource
        } else if source == nil, let target {
            finding.kind = isPast(target, expiry.target) ? .pastTTL : .onlyInTarget
        }
        return finding
    }

    /// Items that expired more than five years ago are not deleted (guide, "Using time to live").
    private static let yearsMax = 5 * 365 * 86_400

    private func isPast(_ item: KeyReader.Found, _ attribute: String?) -> Bool {
        guard let attribute, let json = try? JSON(parsing: item.bytes),
            let text = json[attribute]?["N"]?.string,
            let time = CheckedNumber.double(text, in: -1e300...1e300)
        else { return false }
        return time < Double(now) && time > Double(now - Self.yearsMax)
    }
}
