import AWS
import Dispatch
import DynamoDB
import Status
import Transfer

/// Compares two tables of the demo's server.
enum EngineComparison {
    /// Blocks until both tables have been read; call it on a thread that may wait.
    static func run(
        endpoint: String, source: String, target: String
    ) throws -> DemoCommand.Comparison {
        let options = SideOptions(
            region: "us-east-1", endpoint: endpoint,
            credentials: Credentials(
                accessKeyID: "demo", secretAccessKey: "demo", sessionToken: nil))
        let status = try Blocking.run {
            let settings = try SideSettings.resolve(options, environment: [:])
            let client = try await Client(settings, engine: HTTPEngine(), seed: 1)
            let reader = ReadOnlyClient(client)
            let target = VerifyPreparation.Target.compared(
                SourceTable(name: target, reader: reader))
            var options = VerifyOptions()
            options.settings = nil
            let job = try await VerifyPreparation.prepare(
                [options], tables: [(.table(SourceTable(name: source, reader: reader)), target)],
                seed: 1, emit: { _ in })
            return await job.run()
        }
        if case .failed(let failure) = status.outcome { throw failure }
        let counters = status.tables[0].comparison?.counters ?? VerifyCounters()
        return DemoCommand.Comparison(
            itemsCompared: counters.itemsInSource, differences: counters.differences)
    }
}

/// Runs asynchronous work from a thread that may wait for it, which those of the pool may not.
enum Blocking {
    private final class Box<Value>: @unchecked Sendable {
        // @unchecked: written before the semaphore is signalled, read after it was waited for.
        var result: Result<Value, any Error>?
    }

    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let box = Box<Value>()
        let semaphore = DispatchSemaphore(value: 0)
        Task {
            do {
                box.result = .success(try await body())
            } catch {
                box.result = .failure(error)
            }
            semaphore.signal()
        }
        semaphore.wait()
        return try box.result!.get()
    }
}
