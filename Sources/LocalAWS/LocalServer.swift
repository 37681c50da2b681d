import HTTPServer
import JSON
import System

/// A DynamoDB- and S3-compatible server in memory, by default on loopback: for demos, tests,
/// benchmarks.
///
/// ```swift
/// let server = try LocalServer(ServerOptions())
/// let port = server.start()
/// defer { server.stop() }
/// ```
///
/// `start` and `stop` are called once each, from one thread; the rest from any.
package final class LocalServer: Sendable {
    let options: ServerOptions
    let service: Service
    private let server: HTTPServer

    /// Binds the socket, reads the certificate and fills the tables; nothing is served yet.
    package init(_ options: ServerOptions) throws(ServerError) {
        self.options = options
        try options.check()
        var objects: (any ObjectStore)?
        if let folder = options.s3Folder {
            objects = try FolderObjectStore(folder, region: options.region)
        }
        let service = Service(options, objects: objects)
        self.service = service
        server = try HTTPServer(options.http) {
            ServiceHandler(service, keepsNumbers: options.keepNumbers)
        }
        let endpoint = server.endpoint
        service.address.withLock { $0 = String(endpoint.drop { $0 != "/" }.dropFirst(2)) }
        for fill in options.fills { try load(fill) }
        for bucket in options.buckets { try make(bucket) }
    }

    /// The port that it listens on.
    package var port: UInt16 { server.port }

    /// Where clients find it: `http://127.0.0.1:8000`.
    package var endpoint: String { server.endpoint }

    /// Starts serving; returns the port.
    @discardableResult
    package func start() -> UInt16 {
        server.start()
        return port
    }

    /// Closes every connection and ends the server's threads. What is in flight gets no reply.
    package func stop() { server.stop() }

    /// Lets the service's date go on; a day means a day older exports, tokens and recovery.
    /// Signatures and S3 keep the machine's date.
    package func advanceClock(by duration: Duration) { service.clock.advance(by: duration) }

    /// Lets the next exports that are accepted fail, one for each failure.
    package func failExports(_ failures: [ExportFailure]) { service.exports.fail(failures) }

    /// The meter, as `GET /_meter` has it.
    package var meter: JSON { service.meterReport() }
}

extension ServerOptions {
    fileprivate var http: HTTPServer.Options {
        var http = HTTPServer.Options()
        (http.host, http.port, http.tls) = (host, port, tls)
        (http.threads, http.seed, http.time) = (threads, seed, time)
        return http
    }
}

/// Answers the requests of one loop by the service. Confined to the loop's thread.
private final class ServiceHandler: RequestHandler {
    private let service: Service
    private let scratch: RequestScratch

    init(_ service: Service, keepsNumbers: Bool) {
        self.service = service
        scratch = RequestScratch(keepsNumbers: keepsNumbers)
    }

    func answer(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, into output: inout ByteStorage
    ) -> HTTPAnswer {
        service.answer(request, bytes, scratch: scratch, into: &output)
    }

    func bodyLimit(_ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer) -> BodyLimit {
        request.amzTarget == nil && S3Address(request, bytes) != nil
            ? service.s3.bodyLimit : .usual
    }

    func refuse(_ refusal: HTTPRefusal, into output: inout ByteStorage) -> String {
        if refusal == S3Service.tooLarge {
            let error = S3Error(refusal.status, refusal.name, refusal.message)
            output.append(array: error.xml(resource: "", requestID: "", hostID: ""))
            return "application/xml"
        }
        let error = ServiceError(
            namespace: .coral, name: refusal.name, message: refusal.message,
            status: refusal.status)
        output.append(array: error.json.bytes)
        return Service.contentType
    }
}
