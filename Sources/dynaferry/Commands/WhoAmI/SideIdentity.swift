import AWS
import JSON
import System

/// Who a side is to AWS, as far as that was found out.
struct SideIdentity: Sendable {
    /// `source`, `target`.
    let side: String
    /// Region and endpoint, once they are known.
    var endpoint: Endpoint?
    /// What its servers are verified with, once that is known.
    var certificates: String?
    /// Where the credentials come from, once that is known.
    var origin: String?
    var accessKeyID: String?
    /// When they end; nil where they don't, or it is not known.
    var expiration: UTCTime?
    var caller: CallerIdentity?
    /// Why there is no caller.
    var error: ConfigurationError?

    /// A block of text; what failed is for stderr.
    func lines(now: UTCTime) -> [String] {
        var facts: [(String, String?)] = [
            ("account", caller?.account), ("key", accessKeyID), ("from", origin),
        ]
        if accessKeyID != nil { facts.append(("until", until(now))) }
        facts.append(("region", endpoint?.region))
        facts.append(("endpoint", endpoint?.url))
        facts.append(("trusts", certificates))
        let known = facts.compactMap { subject, fact in
            fact.map { "  \(subject)\(String(repeating: " ", count: 10 - subject.count))\($0)" }
        }
        return ["\(side): \(caller?.arn ?? "nobody known to AWS")"] + known
    }

    private func until(_ now: UTCTime) -> String {
        guard let expiration else { return "no end known" }
        let left = expiration.secondsSinceEpoch - now.secondsSinceEpoch
        let minutes = left / 60
        let time =
            minutes >= 120 ? "\(minutes / 60) h" : minutes > 0 ? "\(minutes) min" : "\(left) s"
        return left > 0 ? "\(expiration), in \(time)" : "\(expiration), which is over"
    }

    var json: JSON {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        return [
            "account": text(caller?.account), "arn": text(caller?.arn),
            "accessKeyId": text(accessKeyID), "origin": text(origin),
            "expiration": text(expiration?.iso8601), "region": text(endpoint?.region),
            "endpoint": text(endpoint?.url), "certificates": text(certificates),
            "error": text(error?.message),
            "hint": text(error?.hint),
        ]
    }
}
