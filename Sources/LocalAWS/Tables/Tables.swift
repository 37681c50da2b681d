import DynamoModel
import Pacing
import System

/// The tables of the server by name. One namespace: an ARN of another region or account names none.
///
/// May be used from any thread.
package final class Tables: @unchecked Sendable {
    // @unchecked: `tables`, `generator` and `lastRevision` are guarded by `lock`.
    private let lock = Lock()
    private var tables: [String: Table] = [:]
    private var generator: SeededGenerator
    private var lastRevision = 0
    package let region: String
    package let rules: TableRules
    /// How long CREATING, UPDATING and DELETING last.
    package let phaseDuration: Duration

    package init(region: String, rules: TableRules, phaseDuration: Duration, seed: UInt64) {
        self.region = region
        self.rules = rules
        self.phaseDuration = phaseDuration
        generator = SeededGenerator(seed: seed)
    }

    package static let account = "000000000000"

    private var arnPrefix: String { arn("dynamodb", "table/") }

    /// An ARN of the server's own account and region.
    package func arn(_ service: String, _ resource: String) -> String {
        "arn:\(partition):\(service):\(region):\(Self.account):\(resource)"
    }

    /// (AWS's documentation, "Amazon Resource Names", partitions.)
    private var partition: String {
        let others = [
            ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"),
            ("us-isof-", "aws-iso-f"), ("us-iso-", "aws-iso"), ("eu-isoe-", "aws-iso-e"),
            ("eusc-", "aws-eusc"),
        ]
        return others.first { region.hasPrefix($0.0) }?.1 ?? "aws"
    }

    package func arn(of name: String) -> String { arnPrefix + name }

    /// The table's own name, of a name or an ARN.
    package func bareName(_ name: String) -> String {
        name.hasPrefix(arnPrefix) ? String(name.dropFirst(arnPrefix.count)) : name
    }

    /// The table of a name or an ARN; nil when there is none.
    package func table(named name: String, at now: Instant) -> Table? {
        lock.withLock { existing(bareName(name), at: now) }
    }

    /// The table if its items may be read and written.
    func table(serving name: String, at now: Instant) throws(ServiceError) -> Table {
        guard let table = table(named: name, at: now), table.servesItems(at: now) else {
            throw .noSuchTable
        }
        return table
    }

    /// Forgets a table whose deletion is over. The caller holds `lock`.
    private func existing(_ name: String, at now: Instant) -> Table? {
        guard let table = tables[name] else { return nil }
        guard case .deleting(let until) = table.phase(at: now), now >= until else { return table }
        tables[name] = nil
        return nil
    }

    /// Frees the items of all tables whose deletion is over. The caller holds `lock`.
    private func forgetDeleted(at now: Instant) {
        for name in Array(tables.keys) { _ = existing(name, at: now) }
    }

    /// Names in no order, tables being deleted included.
    package func unorderedNames(at now: Instant) -> [String] {
        lock.withLock {
            forgetDeleted(at: now)
            return Array(tables.keys)
        }
    }

    /// Adds a new table.
    ///
    /// - Parameter make: makes it; may draw from the server's generator.
    package func add(
        _ name: String, at now: Instant, _ make: (inout SeededGenerator) -> Table
    ) throws(ServiceError) -> Table {
        try lock.withLock { () throws(ServiceError) in
            forgetDeleted(at: now)
            guard existing(name, at: now) == nil else {
                throw .inUse("Table already exists: \(name)")
            }
            let table = make(&generator)
            tables[name] = table
            return table
        }
    }

    /// A new UUID: of a table that does not exist yet, or of something else.
    func makeIdentifier() -> String { lock.withLock { Self.identifier(using: &generator) } }

    /// When a change that begins at `now` is over.
    package func phaseEnd(from now: Instant) -> Instant { now + phaseDuration }

    /// The revision of a policy that begins now: milliseconds since 1970, each one greater than
    /// those before.
    func nextRevision(_ clock: ServiceClock) -> String {
        lock.withLock {
            lastRevision = max(lastRevision + 1, clock.microseconds / 1000)
            return String(lastRevision)
        }
    }
}
