import JSON

/// DescribeContinuousBackups and UpdateContinuousBackups (API reference). They have a word of their
/// own for a table that is not there.
extension Service {
    func describeContinuousBackups(_ request: Parameters) throws(ServiceError) -> JSON {
        let table = try backedUpTable(request)
        return table.itemLock.reading { backups(of: table) }
    }

    func updateContinuousBackups(_ request: Parameters) throws(ServiceError) -> JSON {
        let table = try backedUpTable(request)
        let specification = try request.json("PointInTimeRecoverySpecification")
        try admitMutation(of: table, .updateContinuousBackups)
        return try table.itemLock.writing { () throws(ServiceError) in
            guard table.hasBackups(at: time.now) else {
                throw ServiceError(
                    namespace: .service, name: "ContinuousBackupsUnavailableException",
                    message: "Backups are being enabled for the table: \(table.name). Please "
                        + "retry later")
            }
            try table.features.recovery.change(specification, today: changeTime().today)
            table.keepHistory(table.features.recovery.isOn, clock)
            return backups(of: table)
        }
    }

    private func backedUpTable(_ request: Parameters) throws(ServiceError) -> Table {
        let name = try request.tableName()
        guard let table = tables.table(named: name, at: time.now) else {
            throw ServiceError(
                namespace: .service, name: "TableNotFoundException",
                message: "Table not found: \(tables.bareName(name))")
        }
        return table
    }

    private func backups(of table: Table) -> JSON {
        let description = table.features.recovery.description(
            isAvailable: table.hasBackups(at: time.now), today: changeTime().today)
        return ["ContinuousBackupsDescription": description]
    }
}
