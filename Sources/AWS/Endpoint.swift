import Glibc

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

    /// It is not AWS's: what answers there may do less than the service. AWS's own endpoints within
    /// a private network end like all others.
    package var isCustom: Bool {
        let name = Self.split(host[...]).name
        return !Partition.all.contains { partition in
            [partition.suffix, partition.dualStackSuffix].contains { suffix in
                suffix.map { name.hasSuffix("." + $0) } ?? false
            }
        }
    }

    package var isLoopback: Bool { Self.isLoopback(host) }

    /// Whether `host`, with or without a port, is this machine itself, in whichever spelling:
    /// `localhost`, `127.0.0.1`, `127.1`, `2130706433`, `[::1]`. The corresponding C functions are
    /// `inet_aton` and `inet_pton`; the address of any interface leads here too.
    package static func isLoopback(_ host: String) -> Bool {
        let name = split(host[...]).name
        if name == "localhost" || name.hasSuffix(".localhost") { return true }
        if name.hasPrefix("[") { return isLoopback(ipv6: String(name.dropFirst().dropLast())) }
        var address = in_addr()
        guard inet_aton(String(name), &address) != 0 else { return false }
        return isLoopback(ipv4: UInt32(bigEndian: address.s_addr))
    }

    private static func isLoopback(ipv4 address: UInt32) -> Bool {
        address >> 24 == 127 || address == 0
    }

    private static func isLoopback(ipv6 text: String) -> Bool {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return false }
        let bytes = withUnsafeBytes(of: &address) { Array($0) }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        if isMapped {
            return isLoopback(ipv4: bytes[12...].reduce(0) { $0 << 8 | UInt32($1) })
        }
        return bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] <= 1
    }

    /// Whether requests to both end at the same place, as far as their addresses show: names of
    /// this machine with the same port are one.
    package func isSameAddress(as other: Endpoint) -> Bool {
        if url == other.url { return true }
        return isLoopback && other.isLoopback && port == other.port
    }

    private var port: String {
        let usual = url.hasPrefix("https:") ? "443" : "80"
        return Self.split(host[...]).port.map(String.init) ?? usual
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
