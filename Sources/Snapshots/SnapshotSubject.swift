import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import Jobs
import Native
import Pacing
import Status
import System
import Transfer

/// A table that DynamoDB exports by itself, into a bucket.
struct SnapshotSubject: Sendable {
    var table: SourceTable
    var description: TableDescription
    var settings: TableSettings
    var exporter: ExportingClient
    var files: any WritableFileStore

    private var name: String { description.definition.name }

    /// - Parameter number: of the table in its job.
    func work(
        _ options: SnapshotOptions, _ open: OpenTable, number: Int, isOnlyTable: Bool,
        keeper: JobKeeper,
        pacer: CallPacer, note: @escaping @Sendable (String) -> Void, time: any TimeSource
    ) -> ServiceWork {
        var settings = ServiceDriver.Settings(
            pollEvery: options.pollEvery, giveUpAfter: options.giveUpAfter, noun: "export")
        settings.tellsEach = isOnlyTable
        let driver = ServiceDriver(
            settings, ExportOperation(exporter: exporter, tableARN: description.arn ?? ""),
            open.record.requests, hooks(options, note), keeper: keeper, table: number,
            pacer: pacer, note: note, time: time)
        var status = TableStatus(source: name, target: files.title)
        status.sourceARN = description.arn
        status.progress.itemsEstimated = description.itemCount
        if open.record.isFinished { status.end(.completed) }
        return ServiceWork(driver, status, stage: .exporting, time: time)
    }

    private func hooks(
        _ options: SnapshotOptions, _ note: @escaping @Sendable (String) -> Void
    ) -> ServiceDriver.Hooks {
        ServiceDriver.Hooks(
            refusal: { FlowFailure(exporting: name, options.extent, exporter.endpoint, $0) },
            failure: { FlowFailure(export: $0, of: name, to: files.title) },
            finish: { export in
                let names = ExportNames(id: ExportDescription.id(ofARN: export.arn))
                let table = ExportedTable(description: description.json, settings: settings.json)
                _ = try await files.writeIfAbsent(
                    names.table, table.bytes, patience: options.giveUpAfter)
                note(
                    "exported \((export.items ?? 0).counted("item")) to"
                        + " \(files.title)\(names.folder)")
            })
    }
}

/// Exports as they are asked for and looked at.
private struct ExportOperation: ServiceOperation {
    let exporter: ExportingClient
    let tableARN: String
    let listsNewestFirst = true

    func ask(_ body: JSON) async throws(AWSError) -> String { try await exporter.ask(body).arn }

    func list(from next: String?) async throws(AWSError) -> (arns: [String], next: String?) {
        try await exporter.list(ofTable: tableARN, from: next)
    }

    func look(_ arn: String) async throws(AWSError) -> ServiceState {
        let export = try await exporter.describe(arn)
        let end: ServiceState.End? =
            switch export.state {
            case .inProgress: nil
            case .completed: .done
            case .failed:
                .failed(code: export.failureCode ?? "FAILED", message: export.failureMessage)
            }
        return ServiceState(arn: arn, token: export.token, end: end, items: export.items)
    }
}
