import Pacing
import System

/// What goes wrong, and how often: probabilities for each request, drawn by seed.
///
/// A value without a generator of its own: the caller passes one.
package struct FaultPlan: Equatable, Sendable {
    /// Answered 500 InternalServerError, nothing done.
    package var error = 0.0
    /// Answered ProvisionedThroughputExceededException, nothing done.
    package var throttle = 0.0
    /// The share of each batch's items that comes back unprocessed.
    package var unprocessed = 0.0
    /// The share of these that are spelt anew, which the service may do but seldom does.
    package var respelled = 1.0
    /// The connection is closed without a reply: half of the time before, half after the work.
    package var drop = 0.0
    /// The reply ends half-way and the connection is closed.
    package var truncate = 0.0
    /// One byte of the reply is another than the checksum covers.
    package var corrupt = 0.0
    /// One field of the reply is absurd, see ``AbsurdReply``.
    package var absurd = 0.0
    /// The checksum in the reply's head is not that of the body.
    package var wrongChecksum = 0.0
    /// Of S3: 200 with an error in the body where that may be.
    package var errorInReply = 0.0
    /// Of S3: sent on, half of the time by 307, half by 301; not twice in a row.
    package var redirect = 0.0
    /// Of S3: the object that is asked for gets another ETag first.
    package var changed = 0.0
    /// Every reply waits this long.
    package var latency = Duration.zero

    package init() {}

    /// What a plan's text says wrong.
    package struct SyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// What is a share, from 0 to 1, by the names that plans are written with.
    package static let shares: [(name: String, path: WritableKeyPath<Self, Double> & Sendable)] = [
        ("error", \.error), ("throttle", \.throttle), ("unprocessed", \.unprocessed),
        ("respelled", \.respelled), ("drop", \.drop), ("truncate", \.truncate),
        ("corrupt", \.corrupt), ("absurd", \.absurd), ("wrong-checksum", \.wrongChecksum),
        ("s3-200-error", \.errorInReply), ("redirect", \.redirect), ("changed", \.changed),
    ]
    package static let latencyName = "latency-ms"

    /// Reads `error=0.05,throttle=0.1,unprocessed=0.3,respelled=0.5,drop=0.02,truncate=0.02,
    /// corrupt=0.02,absurd=0.02,wrong-checksum=0.02,s3-200-error=0.1,redirect=0.02,changed=0.01,
    /// latency-ms=20`: any of them, in any order.
    package init(parsing text: String) throws(SyntaxError) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, let value = CheckedNumber.double(pair[1], in: -1e300...1e300)
            else {
                throw SyntaxError(description: "'\(part)' is not NAME=NUMBER")
            }
            try set(String(pair[0]), to: value)
        }
    }

    private mutating func set(_ name: String, to value: Double) throws(SyntaxError) {
        if name == Self.latencyName {
            guard value >= 0, value <= 60_000 else {
                throw SyntaxError(description: "\(name) must be from 0 to 60000, not \(value)")
            }
            latency = .microseconds(Int64(clamping: value * 1000))
            return
        }
        guard let share = Self.shares.first(where: { $0.name == name }) else {
            let known = (Self.shares.map(\.name) + [Self.latencyName]).joined(separator: ", ")
            throw SyntaxError(description: "no fault is called '\(name)'; there are \(known)")
        }
        guard value >= 0, value <= 1 else {
            throw SyntaxError(description: "\(name) must be from 0 to 1, not \(value)")
        }
        self[keyPath: share.path] = value
    }

    /// As it reads, what is as usual left out.
    package var text: String {
        let usual = Self()
        var parts = Self.shares.filter { self[keyPath: $0.path] != usual[keyPath: $0.path] }
            .map { "\($0.name)=\(self[keyPath: $0.path])" }
        if latency > .zero {
            parts.append("\(Self.latencyName)=\(latency / .milliseconds(1))")
        }
        return parts.joined(separator: ",")
    }

    /// The fault of the next request, latency apart; nil for none.
    package func draw(using generator: inout some RandomNumberGenerator) -> Fault? {
        func hits(_ probability: Double) -> Bool { Self.hits(probability, &generator) }
        if hits(drop) { return Bool.random(using: &generator) ? .dropBefore : .dropAfter }
        if hits(error) { return .error }
        if hits(throttle) { return .throttle }
        if hits(truncate) { return .truncate }
        if hits(corrupt) { return .corrupt }
        if hits(absurd) { return .absurd(seed: generator.next()) }
        if hits(wrongChecksum) { return .wrongChecksum }
        return nil
    }

    /// The fault of the next request to S3: one that any request may have, but those of DynamoDB's
    /// replies alone, or one that only S3 has. nil for none.
    package func draw(
        for operation: S3Operation, using generator: inout some RandomNumberGenerator
    ) -> Fault? {
        var plan = self
        plan.absurd = 0
        if let fault = plan.draw(using: &generator) { return fault }
        func hits(_ probability: Double) -> Bool { Self.hits(probability, &generator) }
        if hits(redirect) { return .redirect(isPermanent: Bool.random(using: &generator)) }
        if operation.mayFailLate, hits(errorInReply) { return .errorInReply }
        if operation == .getObject, hits(changed) { return .changed }
        return nil
    }

    private static func hits(
        _ probability: Double, _ generator: inout some RandomNumberGenerator
    ) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &generator) < probability
    }
}
