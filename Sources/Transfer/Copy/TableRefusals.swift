import Status
import System

/// Why tables of a job can't be worked on: all are looked at before any of them is refused, so that
/// whoever reads it can mend all at once.
struct TableRefusals {
    /// Tables of the job.
    let count: Int
    private var cases: [CauseGroups.Case] = []
    private var first: CopyRefusal?

    init(of count: Int) { self.count = count }

    /// Notes why one table is refused.
    /// - Throws: what holds for all tables alike: there is no need to look at the others.
    mutating func add(
        _ refusal: CopyRefusal, source: String, target: String
    ) throws(CopyRefusal) {
        if refusal.concernsAll { throw refusal }
        first = first ?? refusal
        cases.append(
            CauseGroups.Case(
                source: source, target: target, message: refusal.message, hint: refusal.hint))
    }

    var isEmpty: Bool { cases.isEmpty }

    /// - Throws: all that was noted, as one.
    func check() throws(CopyRefusal) {
        guard let first else { return }
        guard count > 1 else { throw first }
        let groups = CauseGroups(cases)
        let head =
            "\(cases.count.grouped) of \(count.counted("table")) can't be copied; nothing was"
            + " started"
        var refusal = CopyRefusal(
            ([head] + groups.lines.map { "  " + $0 }).joined(separator: "\n"))
        refusal.hints =
            groups.hints + (cases.count < count ? ["--exclude NAME leaves a table out"] : [])
        throw refusal
    }
}

extension AtOnce {
    /// What `body` makes of each table, or why it refuses it, in their order, some at a time.
    /// - Throws: at once what is no refusal, or one that holds for all tables alike.
    static func results<Table: Sendable, Result: Sendable>(
        _ tables: [Table], atOnce: Int? = nil,
        _ body: @escaping @Sendable (Table) async throws -> Result
    ) async throws -> [Swift.Result<Result, CopyRefusal>] {
        try await map(tables, atOnce: atOnce) { table -> Swift.Result<Result, CopyRefusal> in
            do {
                return .success(try await body(table))
            } catch let refusal as CopyRefusal where !refusal.concernsAll {
                return .failure(refusal)
            }
        }
    }

    /// What `body` makes of each table, in their order, some at a time.
    /// - Parameter names: of a table's source and target.
    /// - Throws: ``CopyRefusal`` that names all tables that `body` refuses; another error at once.
    package static func ofTables<Table: Sendable, Result: Sendable>(
        _ tables: [Table], named names: [(source: String, target: String)], atOnce: Int? = nil,
        _ body: @escaping @Sendable (Table) async throws -> Result
    ) async throws -> [Result] {
        let results = try await results(tables, atOnce: atOnce, body)
        var refusals = TableRefusals(of: tables.count)
        for ((source, target), result) in zip(names, results) {
            guard case .failure(let refusal) = result else { continue }
            try refusals.add(refusal, source: source, target: target)
        }
        try refusals.check()
        return try results.map { try $0.get() }
    }
}
