/// Where requests go, and how they are signed for it.
package struct Endpoint: Equatable, Sendable, CustomStringConvertible {
    /// Which of a region's hosts are wanted.
    package struct Variant: Equatable, Sendable {
        package var fips = false
        package var dualStack = false
        package init() {}
    }

    /// `https://dynamodb.eu-west-1.amazonaws.com`, without a path.
    package let url: String
    /// The value of the Host header: with the port unless it is the scheme's own.
    package let host: String
    /// The region's name, which ARNs carry and requests are signed for.
    package let region: String
    package let service: Service
    /// The partition; `aws` for a custom endpoint whose region fits no pattern.
    package let partition: String

    package var description: String { url }

    /// AWS's own endpoint for a region. Throws when there is none.
    package init(
        region: String, variant: Variant = Variant(), service: Service = .dynamoDB
    ) throws(ConfigurationError) {
        if region == "local", variant == Variant(), service == .dynamoDB {
            // The SDKs' name for DynamoDB local.
            try self.init(url: "http://localhost:8000", region: "us-east-1")
            return
        }
        guard let partition = Partition.of(region: region) else {
            throw ConfigurationError(
                .region, "\"\(region.printable)\" is not the name of an AWS region",
                hint: "Names look like us-east-1 or eu-central-1; see --region.")
        }
        var suffix = partition.suffix
        if variant.dualStack {
            guard let dualStackSuffix = partition.dualStackSuffix else {
                throw ConfigurationError(.region, "\(region) has no dual-stack endpoint")
            }
            suffix = dualStackSuffix
        }
        let plainFIPS = partition.plainHostIsFIPS && !variant.dualStack
        let name = variant.fips && !plainFIPS ? service.name + "-fips" : service.name
        self.init(
            scheme: "https", host: "\(name).\(region).\(suffix)", region: region,
            partition: partition.name, service: service)
    }

    private init(
        scheme: String, host: String, region: String, partition: String, service: Service
    ) {
        url = "\(scheme)://\(host)"
        self.host = host
        self.region = region
        self.partition = partition
        self.service = service
    }

    /// A custom endpoint: `http` or `https`, a host or address, perhaps a port. The region may have
    /// any name of lower-case letters, digits and hyphens.
    package init(
        url text: String, region: String, service: Service = .dynamoDB
    ) throws(ConfigurationError) {
        guard !region.isEmpty, region.utf8.count <= 64,
            region.utf8.allSatisfy({ $0 == 0x2D || $0.isDigit || $0.isLowercaseLetter })
        else {
            throw ConfigurationError(
                .region, "\"\(region.printable)\" is not the name of a region",
                hint: "Names look like us-east-1; see --region.")
        }
        let parts = try EndpointURL(text)
        self.init(
            scheme: parts.scheme, host: parts.host, region: region,
            partition: Partition.of(region: region)?.name ?? "aws", service: service)
    }

    package var isLoopback: Bool { EndpointURL.isLoopback(host) }
    var isTLS: Bool { url.hasPrefix("https:") }
}

/// The parts of a custom endpoint's URL (RFC 3986): scheme, host and port, and no others.
package struct EndpointURL: Equatable, Sendable {
    package let scheme: String
    /// In lower case, with the port unless it is the scheme's own.
    package let host: String

    package var url: String { "\(scheme)://\(host)" }

    /// By TLS to a host of AWS's.
    package init(host: String) {
        scheme = "https"
        self.host = host
    }

    package init(_ text: String) throws(ConfigurationError) {
        func failure(_ reason: String, _ hint: String) -> ConfigurationError {
            ConfigurationError(
                .endpoint, "bad endpoint \"\(text.printable)\": \(reason)", hint: hint)
        }
        let example = "Write it like http://127.0.0.1:8000 or https://host.example."
        let lower = text.lowercased()
        guard let scheme = ["http", "https"].first(where: { lower.hasPrefix($0 + "://") }) else {
            throw failure("it must begin with http:// or https://", example)
        }
        var rest = lower.dropFirst(scheme.count + 3)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("@") else { throw failure("it must have no user name", example) }
        guard !rest.contains(where: { "/?#".contains($0) }) else {
            throw failure("it must have no path or query", example)
        }
        let (name, port) = Self.split(rest)
        guard Self.isHost(name) else { throw failure("it has no valid host name", example) }
        var host = String(name)
        if let port {
            guard let number = Int(port), (1...65_535).contains(number),
                port.utf8.allSatisfy(\.isDigit)
            else { throw failure("its port must be a number from 1 to 65535", example) }
            if number != (scheme == "https" ? 443 : 80) { host += ":\(number)" }
        }
        self.scheme = scheme
        self.host = host
    }

    package var hostWithoutPort: Substring { Self.split(host[...]).name }

    private static func split(_ rest: Substring) -> (name: Substring, port: Substring?) {
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            let after = rest.index(after: end)
            let tail = rest[after...]
            if tail.isEmpty { return (rest, nil) }
            return tail.hasPrefix(":") ? (rest[..<after], tail.dropFirst()) : ("", nil)
        }
        guard let colon = rest.lastIndex(of: ":") else { return (rest, nil) }
        return (rest[..<colon], rest[rest.index(after: colon)...])
    }

    private static func isHost(_ name: Substring) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 255 else { return false }
        if name.hasPrefix("[") {
            return name.utf8.count > 3
                && name.dropFirst().dropLast().utf8.allSatisfy {
                    $0.isDigit || (0x61...0x66).contains($0) || $0 == 0x3A || $0 == 0x2E
                }
        }
        return name.utf8.allSatisfy {
            $0.isDigit || $0.isLowercaseLetter || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        } && !name.hasPrefix(".")
    }

    /// Whether `host`, with or without a port, is this machine itself.
    package static func isLoopback(_ host: String) -> Bool {
        let name = split(host[...]).name
        return name == "localhost" || name == "[::1]" || name.hasSuffix(".localhost")
            || (name.hasPrefix("127.") && name.utf8.allSatisfy { $0.isDigit || $0 == 0x2E })
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isLowercaseLetter: Bool { (0x61...0x7A).contains(self) }
}

extension String {
    /// Short, and free of what a terminal would obey, for error messages.
    package var printable: String {
        String(singleLine.unicodeScalars.prefix(80).map(Character.init))
    }

    /// Free of what a terminal would obey.
    package var singleLine: String {
        String(
            unicodeScalars.prefix(1_000).map {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : Character($0)
            })
    }
}
