import HTTPServer
import System

/// A body in the coding `aws-chunked`: chunks, perhaps signed, and headers behind them (S3 API
/// reference, "Signature calculations: transferring payload in multiple chunks").
///
/// The chunks stay where they are: nothing is copied.
struct AWSChunkedBody {
    struct Chunk {
        var bytes: UnsafeRawBufferPointer
        var signature: String?
    }

    /// Those with bytes, then the last one, which has none.
    private(set) var chunks: [Chunk] = []
    /// Names in lower case.
    private(set) var trailers: [HTTPHeader] = []

    private static let lineBytesMax = 1024
    private static let trailersMax = 16

    private let body: UnsafeRawBufferPointer
    private var place = 0

    init(_ body: UnsafeRawBufferPointer) throws(S3Error) {
        self.body = body
        while try readChunk() {}
        try readTrailers()
    }

    private static let incomplete = S3Error(
        400, "IncompleteBody", "The request body terminated unexpectedly")

    /// Reads one chunk; false for the last one.
    private mutating func readChunk() throws(S3Error) -> Bool {
        let parts = try line().split(separator: ";")
        // At most eight digits: four gigabytes.
        guard let digits = parts.first, (1...8).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
            let size = Int(digits, radix: 16)
        else { throw Self.incomplete }
        let signature = parts.dropFirst().first { $0.hasPrefix("chunk-signature=") }
            .map { String($0.dropFirst("chunk-signature=".count)) }
        guard size <= body.count - place else { throw Self.incomplete }
        chunks.append(
            Chunk(
                bytes: UnsafeRawBufferPointer(rebasing: body[place..<(place + size)]),
                signature: signature))
        place += size
        guard size > 0 else { return false }
        guard try line().isEmpty else { throw Self.incomplete }
        return true
    }

    /// Lines up to an empty one, or to the end of the body.
    private mutating func readTrailers() throws(S3Error) {
        while place < body.count {
            let line = try line()
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: ":"), trailers.count < Self.trailersMax else {
                throw .malformedTrailer
            }
            trailers.append(
                HTTPHeader(
                    line[..<colon].lowercased(),
                    line[line.index(after: colon)...].split(separator: " ").joined(separator: " ")))
        }
        guard place == body.count else { throw Self.incomplete }
    }

    /// The next line without its end.
    private mutating func line() throws(S3Error) -> String {
        let rest = body[place...].prefix(Self.lineBytesMax)
        guard let end = rest.firstIndex(of: 0x0D), end + 1 < body.count, body[end + 1] == 0x0A
        else { throw Self.incomplete }
        defer { place = end + 2 }
        return String(decoding: body[place..<end], as: UTF8.self)
    }
}

extension S3Error {
    static let malformedTrailer = S3Error(
        400, "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our "
            + "published schema.")
}
