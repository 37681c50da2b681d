/// Where requests go, and how they are signed for it.
package struct Endpoint: Equatable, Sendable, CustomStringConvertible {
    /// `https://dynamodb.eu-west-1.amazonaws.com`, without a path.
    package let url: String
    /// The value of the Host header: with the port unless it is the scheme's own.
    package let host: String
    /// The region's name, which ARNs carry and requests are signed for.
    package let region: String
    package let service: Service
    /// The partition; `aws` for a custom endpoint whose region fits no pattern.
    package let partition: String

    package init(
        scheme: String, host: String, region: String, partition: String, service: Service
    ) {
        url = "\(scheme)://\(host)"
        self.host = host
        self.region = region
        self.partition = partition
        self.service = service
    }

    package var description: String { url }

    package var isLoopback: Bool { Self.isLoopback(host) }

    /// Whether `host`, with or without a port, is this machine itself.
    package static func isLoopback(_ host: String) -> Bool {
        let name = split(host[...]).name
        return name == "localhost" || name == "[::1]" || name.hasSuffix(".localhost")
            || (name.hasPrefix("127.")
                && name.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E })
    }

    /// The parts of a URL's host and port; the name is empty where there can't be one.
    package static func split(_ host: Substring) -> (name: Substring, port: Substring?) {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            let after = host.index(after: end)
            let tail = host[after...]
            if tail.isEmpty { return (host, nil) }
            return tail.hasPrefix(":") ? (host[..<after], tail.dropFirst()) : ("", nil)
        }
        guard let colon = host.lastIndex(of: ":") else { return (host, nil) }
        return (host[..<colon], host[host.index(after: colon)...])
    }
}
