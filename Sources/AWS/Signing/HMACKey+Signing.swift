import System

extension HMACKey {
    /// The key that signs everything of one region and service on one day (AWS guide, "Create a
    /// signed AWS API request", step 4).
    ///
    /// - Parameter day: `YYYYMMDD`.
    package convenience init(
        signing region: String, _ service: String, on day: String, credentials: Credentials
    ) {
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [day, region, service] {
            key = HMACKey(key).authenticate(Array(part.utf8))
        }
        self.init(HMACKey(key).authenticate(Array("aws4_request".utf8)))
    }
}
