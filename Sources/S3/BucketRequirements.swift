import AWS

/// What a bucket's refusals have taught: in which region it is, and what it demands of what is put
/// into it. Learnt once, by the first request that needed it.
struct BucketRequirements: Equatable, Sendable {
    private(set) var endpoint: StorageEndpoint
    /// The sum that buckets with Object Lock, and old servers, ask for.
    private(set) var wantsMD5: Bool

    enum Advice: Equatable, Sendable {
        /// The same request, made anew, may do better at once.
        case sendAnew
        /// Nothing is to be learnt from it.
        case accept
        /// The bucket is where these credentials can't go.
        case outOfReach(ConfigurationError)
    }

    init(_ endpoint: StorageEndpoint, wantsMD5: Bool = false) {
        self.endpoint = endpoint
        self.wantsMD5 = wantsMD5
    }

    /// Learns from the refusal of a request that was made by `known`.
    mutating func learn(from error: AWSError, sentBy known: BucketRequirements) -> Advice {
        if let region = error.region, region != known.endpoint.region, Self.isElsewhere(error) {
            // Another request may have learnt it meanwhile.
            guard region != endpoint.region else { return .sendAnew }
            do throws(ConfigurationError) {
                endpoint = try endpoint.moved(to: region)
            } catch {
                return .outOfReach(error)
            }
            return .sendAnew
        }
        if !known.wantsMD5, Self.asksForMD5(error) {
            wantsMD5 = true
            return .sendAnew
        }
        return .accept
    }

    /// The reply to HEAD has a status alone. A refusal with 403 names the region too, and is one
    /// all the same.
    private static func isElsewhere(_ error: AWSError) -> Bool {
        [301, 307, 400].contains(error.status)
    }

    /// There is no code for it; all texts name the header.
    private static func asksForMD5(_ error: AWSError) -> Bool {
        error.status == 400 && ["InvalidRequest", "MissingContentMD5"].contains(error.code)
            && error.message.lowercased().contains("content-md5")
    }
}
