import DynamoModel
import Pacing

/// The tables of the server by name. One namespace: an ARN of another region or account names none.
///
/// May be used from any thread.
final class Tables: @unchecked Sendable {
    // @unchecked: `tables`, `generator` and `lastRevision` are guarded by `lock`.
    private let lock = Lock()
    private var tables: [String: Table] = [:]
    private var generator: SeededGenerator
    private var lastRevision = 0
    let region: String
    private let settings: TableSettings
    /// How long CREATING, UPDATING and DELETING last.
    private let phaseDuration: Duration

    init(region: String, settings: TableSettings, phaseDuration: Duration, seed: UInt64) {
        self.region = region
        self.settings = settings
        self.phaseDuration = phaseDuration
        generator = SeededGenerator(seed: seed)
    }

    static let account = "000000000000"

    private var arnPrefix: String { "arn:aws:dynamodb:\(region):\(Self.account):table/" }

    func arn(of name: String) -> String { arnPrefix + name }

    /// The table's own name, of a name or an ARN.
    func bareName(_ name: String) -> String {
        name.hasPrefix(arnPrefix) ? String(name.dropFirst(arnPrefix.count)) : name
    }

    /// The table of a name or an ARN; nil when there is none.
    func table(named name: String, at now: Instant) -> Table? {
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

    /// Names in order, tables being deleted included.
    func names(at now: Instant) -> [String] {
        lock.withLock {
            forgetDeleted(at: now)
            return tables.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
    }

    /// Creates a table that is ready after the phase's duration, or at once when `isReady`.
    func create(
        _ definition: TableDefinition, schema: KeySchema,
        features: TableFeatures = TableFeatures(), time: some TimeSource, isReady: Bool = false
    ) throws(ServiceError) -> Table {
        let now = time.now
        return try lock.withLock { () throws(ServiceError) in
            forgetDeleted(at: now)
            guard existing(definition.name, at: now) == nil else {
                throw .inUse("Table already exists: \(definition.name)")
            }
            let table = Table(
                definition: definition, schema: schema, features: features,
                identity: TableIdentity(
                    arn: arn(of: definition.name), identifier: nextIdentifier(),
                    createdAt: (time.secondsSinceEpoch * 1000).rounded() / 1000),
                settings: settings, now: now, readyAt: isReady ? nil : now + phaseDuration)
            tables[definition.name] = table
            return table
        }
    }

    /// When a change that begins at `now` is over.
    func phaseEnd(from now: Instant) -> Instant { now + phaseDuration }

    /// The revision of a policy that begins now: milliseconds since 1970, each one greater than
    /// those before.
    func nextRevision(_ time: any TimeSource) -> String {
        lock.withLock {
            lastRevision = max(lastRevision + 1, Int(time.secondsSinceEpoch * 1000))
            return String(lastRevision)
        }
    }

    /// A random UUID (RFC 9562, version 4). The caller holds `lock`.
    private func nextIdentifier() -> String {
        var bytes = (0..<2).flatMap { _ in
            withUnsafeBytes(of: generator.next().bigEndian, Array.init)
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
