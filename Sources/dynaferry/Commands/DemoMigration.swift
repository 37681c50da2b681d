import System

/// The tables of `dynaferry demo --migration`: a stage of an application that moves as a whole.
///
/// Sizes are those of a real migration of 19 tables with 459,402 items, 14 of them not empty, out
/// of a stage of 31.
enum DemoMigration {
    static let source = "acme-staging-*"
    static let target = "acme-*-dev"
    static let excluded = ["*-tmp-*", "*-archive-*"]

    private static let migrated = [
        ("transactions", 380_218), ("ledger-entries", 45_918), ("accounts", 14_432),
        ("users", 6_998), ("sessions", 5_134), ("notifications", 4_534), ("merchants", 638),
        ("devices", 634), ("webhooks", 402), ("api-keys", 158), ("feature-flags", 154),
        ("invoices", 112), ("payouts", 52), ("settings", 18), ("audit-log", 0), ("disputes", 0),
        ("exports", 0), ("locks", 0), ("refunds", 0),
    ]
    private static let itemsLeftOut = 20

    /// Tables to fill, with the items of each; `items` is how many the largest gets.
    static func fills(items: Int) -> [(table: String, items: Int)] {
        let scale = Double(items) / Double(migrated[0].1)
        let all = migrated.map { name, count in
            ("acme-staging-\(name)", count == 0 ? 0 : max(1, Int(clamping: Double(count) * scale)))
        }
        let others = (1...6).flatMap { number in
            [
                ("acme-staging-orders-tmp-\(number)", itemsLeftOut),
                ("acme-staging-events-archive-\(2019 + number)", itemsLeftOut),
            ]
        }
        return all + others
    }

    /// Source and target of each table that is copied.
    static var pairs: [(source: String, target: String)] {
        migrated.map { name, _ in ("acme-staging-\(name)", "acme-\(name)-dev") }
    }
}
