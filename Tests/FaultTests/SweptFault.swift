import AWS
import JSON
import LocalAWS
import System
import Testing

/// A fault that a sweep inflicts on each request in turn, and what a copy may make of it.
struct SweptFault: Sendable, CustomTestStringConvertible {
    enum Meaning: Equatable {
        /// It passes: the copy goes on as if nothing had been.
        case passing
        /// The request's content is refused: a batch is halved, anything else is given up.
        case refusal
        /// Nothing can be done here: the copy ends and says which permission is missing.
        case denial
    }

    let testDescription: String
    let meaning: Meaning
    /// By the operation that it befalls.
    let fault: @Sendable (String) -> Fault

    private init(_ name: String, _ meaning: Meaning, _ fault: @escaping @Sendable (String) -> Fault)
    {
        testDescription = name
        self.meaning = meaning
        self.fault = fault
    }

    private init(_ name: String, _ fault: Fault) {
        self.init(name, .passing) { _ in fault }
    }

    static let refusalText = "the request is not as it should be"

    static let all = [
        SweptFault("validation", .refusal) { _ in .validation(refusalText) },
        SweptFault("denied", .denial) { operation in
            .reply(
                status: 400, contentType: "application/x-amz-json-1.0",
                body: """
                    {"__type":"com.amazon.coral.service#AccessDeniedException","Message":\
                    "User: someone is not authorized to perform: dynamodb:\(operation)"}
                    """)
        },
        SweptFault("500", .error),
        SweptFault("throttled", .throttle),
        SweptFault("closed before the work", .dropBefore),
        SweptFault("closed after the work", .dropAfter),
        SweptFault("reset before the work", .resetBefore),
        SweptFault("reset after the work", .resetAfter),
        SweptFault("truncated", .truncate),
        SweptFault("corrupted byte", .corrupt),
        SweptFault("wrong CRC", .wrongChecksum),
        SweptFault("stalled", .stall),
        SweptFault(
            "200 with HTML",
            .reply(status: 200, contentType: "text/html", body: "<html>Log in first</html>")),
        // Of a BatchWriteItem: nothing was unprocessed, it seems, and nothing was written.
        SweptFault(
            "200 with an empty object",
            .reply(status: 200, contentType: "application/x-amz-json-1.0", body: "{}")),
    ]
}

/// Inflicts a fault on the request of one number, counted from 0 once it is armed, and remembers
/// which operations were asked for until then.
final class Strike: Sendable {
    private let swept: SweptFault
    private let number: Int
    /// nil: not armed yet.
    private let asked = Locked<[String]?>(nil)

    init(_ swept: SweptFault, at number: Int) {
        self.swept = swept
        self.number = number
    }

    func arm() { asked.withLock { $0 = [] } }

    func fault(_ operation: String) -> Fault? {
        let isStruck = asked.withLock { asked in
            guard let count = asked?.count, count <= number else { return false }
            asked?.append(operation)
            return count == number
        }
        return isStruck ? swept.fault(operation) : nil
    }

    private var operations: [String] { asked.withLock { $0 } ?? [] }

    /// The operation that was struck; nil when there was no such request.
    var victim: String? { operations.count > number ? operations[number] : nil }

    /// Nothing had been asked for before, or was struck, that makes anything.
    var isBeforeTheStart: Bool { !operations.contains("CreateTable") }
}
