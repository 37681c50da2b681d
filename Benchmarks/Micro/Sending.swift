import AWS
import Dispatch
import LocalAWS
import System

/// What a request costs the thread that sends it: headers, hash, signature, and the handing over to
/// the HTTP loop. What the loop then does on its own thread is not in it.
enum Sending {
    private static let inFlight = 64
    private static let table = "target"

    static func measure(bytes: Int) async throws -> Measurement {
        var options = ServerOptions()
        options.fills = [Fill(name: table, items: 0, shape: .bytes100)]
        let server = try LocalServer(options)
        server.start()
        defer { server.stop() }
        let client = try await client(of: server)
        let put = body(bytes)
        let answers = Answers(count: inFlight)
        var isSane = put.count == bytes
        // The first round makes what later ones keep: connections, handles, the signing text.
        let least = ThreadCPU.least(rounds: 40) {
            let taken = ThreadCPU.nanoseconds {
                for reply in answers.replies {
                    client.send(
                        .putItem, body: put, reply: reply, replyBytesMax: 4_096, on: answers.queue
                    ) { answers.received($0) }
                }
            }
            isSane = answers.haveAllCome() && isSane
            return taken
        }
        return Measurement(
            name: "sign and hand over a request of \(bytes) B",
            value: least / Double(inFlight) / 1_000, unit: "us", isSane: isSane)
    }

    private static func client(of server: LocalServer) async throws -> Client {
        let options = SideOptions(
            region: "us-east-1", endpoint: server.endpoint,
            credentials: Credentials(accessKeyID: "bench", secretAccessKey: "bench"))
        let settings = try SideSettings.resolve(options, environment: [:])
        return try await Client(settings, engine: HTTPEngine(), seed: 1)
    }

    /// A PutItem of so many bytes.
    private static func body(_ bytes: Int) -> ByteBuffer {
        let body = ByteBuffer()
        body.append(Array("{\"TableName\":\"\(table)\",\"Item\":{\"pk\":{\"S\":\"x\"},".utf8))
        body.append("\"data\":{\"S\":\"")
        let end: StaticString = "\"}}}"
        body.append([UInt8](repeating: 0x61, count: bytes - body.count - end.utf8CodeUnitCount))
        body.append(end)
        return body
    }
}

/// Waits for a known number of replies, all of which must be successes.
private final class Answers: @unchecked Sendable {
    // @unchecked: `failures` is touched on `queue` alone.
    let queue = DispatchQueue(label: "micro.answers")
    let replies: [ByteBuffer]
    private var failures = 0
    private let arrived = DispatchSemaphore(value: 0)

    init(count: Int) {
        replies = (0..<count).map { _ in ByteBuffer() }
    }

    func received(_ result: Result<Reply, AWSError>) {
        if case .failure = result { failures += 1 }
        arrived.signal()
    }

    /// Blocks until all have come; whether all are successes.
    func haveAllCome() -> Bool {
        for _ in replies { arrived.wait() }
        return queue.sync { failures == 0 }
    }
}
