import JSON

/// What the service does apart from items, which the target that has the tables' settings adds.
///
/// The embedded server is two targets for the sake of building it: what items pass through, and
/// the requests that carry them, is here and is optimised; `LocalDynamo` has all the rest and is
/// built as it is written. To optimise both took a third of the time of a clean release build.
package protocol ControlPlane: Sendable {
    /// Performs an operation on tables or their settings; nil for an empty body.
    func perform(
        _ operation: Operation, _ request: Parameters, on service: Service
    ) throws(ServiceError) -> JSON?

    /// What `GET /_meter` answers.
    func meterReport(of service: Service) -> JSON
}

/// Finds out by their signatures who sends requests.
package protocol Authenticator: Sendable {
    associatedtype Signer: Caller

    /// Who signed the request; throws when it is not signed by somebody known, now.
    ///
    /// - Parameter now: seconds since 1970.
    func check(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, now: Double
    ) throws(ServiceError) -> Signer
}

/// One who sends requests, and what it may do.
package protocol Caller: Sendable {
    func may(_ operation: Operation) -> Bool

    /// Throws when it may not do what the request asks for.
    func check(
        _ operation: Operation, _ request: Parameters, _ tables: Tables
    ) throws(ServiceError)
}
