import Foundation
import JSON
import Synchronization

@testable import LocalAWS

/// Writes batches to `orders` on a thread of its own until it is told to finish: items with and
/// without a city, and deletes.
final class BackgroundWriter: Sendable {
    private let isOver = Atomic(false)
    private let written = Atomic(0)
    private let ended = DispatchSemaphore(value: 0)

    init(client: consuming sending RawClient, seed: UInt64) {
        let box = Mutex<RawClient?>(client)
        Thread.detachNewThread { [self] in
            let client = box.withLock { $0.take() }
            if let client { run(client, seed: seed) }
            ended.signal()
        }
    }

    /// How many batches were written.
    func finish() -> Int {
        isOver.store(true, ordering: .sequentiallyConsistent)
        ended.wait()
        return written.load(ordering: .sequentiallyConsistent)
    }

    private func run(_ client: RawClient, seed: UInt64) {
        var number = 0
        while !isOver.load(ordering: .sequentiallyConsistent) {
            let requests = (0..<10).map { place -> JSON in
                number += 1
                let key = Orders.item("\(seed)/\(number % 50)", place)
                if number % 7 == 0 {
                    return ["DeleteRequest": ["Key": ["pk": key["pk"]!, "sk": key["sk"]!]]]
                }
                var item = key
                if number % 3 != 0 { item["city"] = ["S": .string("c\(number % 5)")] }
                return ["PutRequest": ["Item": item]]
            }
            let body: JSON = ["RequestItems": ["orders": .array(requests)]]
            guard let reply = try? client.call("BatchWriteItem", body), reply.status == 200 else {
                return
            }
            written.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }
}
