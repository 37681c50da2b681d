import JSON

/// UpdateTable (API reference, UpdateTable). What takes a while shows in the status of the
/// table, of an index, of its encryption or of its warm throughput.
extension Service {
    func updateTable(_ request: Parameters) throws(ServiceError) -> JSON {
        try request.refuse(
            "ReplicaUpdates", "MultiRegionConsistency", "GlobalTableWitnessUpdates",
            "GlobalTableSettingsReplicationMode", "VectorIndexUpdates")
        let update = try TableChange(request, in: tables)
        return try change(request, .updateTable) { (table, now) throws(ServiceError) in
            var state = table.state(at: now)
            try update.apply(to: &state, changeTime())
            table.adopt(state, at: now)
            return ["TableDescription": table.describe(at: now)]
        }
    }
}
