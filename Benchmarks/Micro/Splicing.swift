import AWS
import Connectors
import DynamoModel
import JSON
import System

/// How fast batches are put together from a page's items, in GB of body a second.
enum Splicing {
    static func measure(_ page: SamplePage) throws -> Measurement {
        let request = BatchWriteRequest(table: "target")
        let body = ByteBuffer()
        let size = ServiceLimits.batchItemsMax
        let batches = page.itemCount / size
        let repetitions = max(1, 100_000_000 / page.body.count)
        var bytes = 0
        let least = ThreadCPU.least {
            bytes = 0
            return ThreadCPU.nanoseconds {
                for _ in 0..<repetitions {
                    for batch in 0..<batches {
                        write(batch, of: page, request, to: body)
                        bytes += body.count
                    }
                }
            }
        }
        return Measurement(
            name: "splice batches of \(page.shape.rawValue)", value: Double(bytes) / least,
            unit: "GB/s", isSane: try isRight(page, request, to: body))
    }

    private static func write(
        _ batch: Int, of page: SamplePage, _ request: BatchWriteRequest, to body: ByteBuffer
    ) {
        let size = ServiceLimits.batchItemsMax
        request.write(bytesMax: ServiceLimits.requestBytesMax, to: body) { writer in
            for position in 0..<size { writer.put(page.item(batch * size + position)) }
        }
    }

    /// The first batch, read as JSON, holds the page's first items.
    private static func isRight(
        _ page: SamplePage, _ request: BatchWriteRequest, to body: ByteBuffer
    ) throws -> Bool {
        write(0, of: page, request, to: body)
        let puts = try JSON(parsing: Array(body.bytes))["RequestItems"]?["target"]?.array ?? []
        let found = puts.compactMap { $0["PutRequest"]?["Item"] }
        let wanted = try (0..<ServiceLimits.batchItemsMax).map {
            try JSON(parsing: Array(page.item($0)))
        }
        return found == wanted
    }
}
