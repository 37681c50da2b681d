import HTTPServer
import JSON
import System

/// A request to the server itself, which is neither DynamoDB's nor S3's: `GET /_meter`, and
/// `POST /_clock?advance=SECONDS`.
enum ControlRequest: Equatable {
    case meter
    /// Nil when the number of seconds makes no sense.
    case advanceClock(Duration?)

    /// Nil when it is another's.
    init?(_ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer) {
        let target = bytes[request.target]
        guard request.amzTarget == nil, target.starts(with: "/_".utf8) else { return nil }
        switch (request.method, String(decoding: target, as: UTF8.self)) {
        case (.get, "/_meter"): self = .meter
        case (.post, let path) where path.prefix(while: { $0 != "?" }) == Self.clock:
            let query = path.dropFirst(Self.clock.count)
            let seconds =
                query.hasPrefix(Self.advance)
                ? CheckedNumber.int(query.dropFirst(Self.advance.count), in: 0...Self.secondsMax)
                : nil
            self = .advanceClock(seconds.map { .seconds($0) })
        default: return nil
        }
    }

    private static let clock = "/_clock"
    private static let advance = "?advance="
    /// A hundred years.
    private static let secondsMax = 36_525 * 86_400
}

extension Service {
    func answer(_ control: ControlRequest, into output: inout ByteStorage) -> HTTPAnswer {
        var answer = HTTPAnswer(contentType: "application/json", bodyStart: output.count)
        switch control {
        case .meter: output.append(array: meterReport().bytes)
        case .advanceClock(let duration?):
            clock.advance(by: duration)
            let json: JSON = ["now": JSON(clock.secondsSinceEpoch)]
            output.append(array: json.bytes)
        case .advanceClock(nil):
            answer.status = 400
            let json: JSON = ["message": "advance takes a whole number of seconds"]
            output.append(array: json.bytes)
        }
        return answer
    }
}
