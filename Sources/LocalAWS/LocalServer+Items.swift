import DynamoModel
import HTTPServer
import JSON
import Pacing

/// Items without HTTP: filling tables before the server starts, looking into them in tests. May be
/// called from any thread, while the server serves too.
extension LocalServer {
    /// Makes a table and fills it. Its counts are as old as the items: right from the start.
    package func load(_ fill: Fill) throws(ServerError) {
        let table = try create(fill.definition)
        do throws(FillRefusal) {
            try table.fill(
                fill.items, fill.shape, seed: options.seed, keepsNumbers: options.keepNumbers)
        } catch {
            throw ServerError(
                "item \(error.index) of \(fill.name): \(error.reason.message ?? error.reason.name)")
        }
        settle(table)
    }

    /// Makes a table, ready at once, and fills it with items in DynamoDB JSON.
    package func load(_ definition: TableDefinition, items: [JSON] = []) throws(ServerError) {
        let table = try create(definition)
        do throws(FillRefusal) {
            try table.fill(items.map(\.bytes), keepsNumbers: options.keepNumbers)
        } catch {
            throw ServerError("an item of \(definition.name) is refused: \(error.reason)")
        }
        settle(table)
    }

    private func create(_ definition: TableDefinition) throws(ServerError) -> Table {
        guard let schema = definition.schema else {
            throw ServerError("the table \(definition.name) has no key")
        }
        do {
            return try service.tables.create(
                definition, schema: schema, service.changeTime(), isReady: true)
        } catch {
            throw ServerError(error.message ?? error.name)
        }
    }

    /// Takes the census that DescribeTable tells.
    private func settle(_ table: Table) {
        table.itemLock.writing {
            table.settleReport(at: service.time.now)
            guard options.recovery else { return }
            table.features.recovery.begin(today: service.changeTime().today)
            table.keepHistory(true, service.clock)
        }
    }

    /// How many items a table holds; nil when there is no such table.
    package func count(of name: String) -> Int? {
        service.catchUp()
        guard let table = service.tables.table(named: name, at: service.time.now) else {
            return nil
        }
        return table.itemLock.reading { table.census.count }
    }

    /// A table's items in the order of a scan, as stored; none when there is no such table.
    package func items(of name: String) -> [[UInt8]] {
        service.catchUp()
        guard let table = service.tables.table(named: name, at: service.time.now) else { return [] }
        return table.itemLock.reading {
            var items: [[UInt8]] = []
            items.reserveCapacity(table.store.count)
            table.store.forEach(from: table.store.position(from: 0)) {
                items.append(Array($1.json))
                return true
            }
            return items
        }
    }

    /// How two tables differ, a line for each item, at most `limit` lines. Items are equal by the
    /// service's rules: sets and attributes in any order, numbers by value.
    package func differences(
        between left: String, and right: String, limit: Int = 10
    ) throws -> [String] {
        let (leftItems, rightItems) = (items(of: left), items(of: right))
        var lines: [String] = []
        if leftItems.count != rightItems.count {
            lines.append("\(left) has \(leftItems.count) items, \(right) \(rightItems.count)")
        }
        // Both are in the order of their keys' hashes, which are the same for the same keys.
        for (place, (one, other)) in zip(leftItems, rightItems).enumerated()
        where one != other && lines.count < limit {
            if try Item(JSON(parsing: one)) == Item(JSON(parsing: other)) { continue }
            let texts = [one, other].map { String(decoding: $0.prefix(400), as: UTF8.self) }
            lines.append("item \(place): \(texts[0]) | \(texts[1])")
        }
        return lines
    }
}
