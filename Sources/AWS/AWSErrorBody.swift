import JSON

/// The body of an error reply, as far as it can be read.
///
/// `{"__type": "namespace#Code:more", "message": "..."}`; the spelling of `message` and of the
/// list of throttling reasons differs between errors.
struct AWSErrorBody {
    var code: String
    var message: String
    var throttlingReasons: [AWSError.ThrottlingReason]

    /// Longer than any that AWS was seen to send, in characters: the rest is not kept.
    private static let messageMax = 4_000
    private static let codeMax = 200

    /// Nil when `bytes` hold no AWS error.
    init?(_ bytes: UnsafeRawBufferPointer) {
        // The one error that comes as XML: an unknown path, method or content type.
        let unknownOperation: StaticString = "<UnknownOperationException/>"
        if bytes.starts(
            with: UnsafeRawBufferPointer(
                start: unknownOperation.utf8Start, count: unknownOperation.utf8CodeUnitCount))
        {
            code = "UnknownOperationException"
            message = ""
            throttlingReasons = []
            return
        }
        guard let body = try? JSON(parsing: bytes), let type = body["__type"]?.string else {
            return nil
        }
        let name = type.split(separator: "#").last ?? ""
        code = String(name.prefix { $0 != ":" }.prefix(Self.codeMax))
        guard !code.isEmpty else { return nil }
        let words = (body["message"] ?? body["Message"])?.string ?? ""
        message = String(words.prefix(Self.messageMax))
        let reasons = body["ThrottlingReasons"] ?? body["throttlingReasons"]
        throttlingReasons = (reasons?.array ?? []).map {
            AWSError.ThrottlingReason(
                reason: $0["reason"]?.string ?? "", resource: $0["resource"]?.string ?? "")
        }
    }
}
