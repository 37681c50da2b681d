import System

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

    /// - Parameter scheme: `http` or `https`.
    init(_ scheme: String, host: String) {
        self.scheme = scheme
        self.host = host
    }

    /// - Throws: for what is no address of an endpoint; the message holds no password.
    package init(_ text: String) throws(ConfigurationError) {
        func failure(_ reason: String, _ hint: String) -> ConfigurationError {
            ConfigurationError(
                .endpoint, "bad endpoint \"\(text.withoutPassword.printable)\": \(reason)",
                hint: hint)
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
        let (name, port) = Endpoint.split(rest)
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

    package var hostWithoutPort: Substring { Endpoint.split(host[...]).name }

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
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLowercaseLetter: Bool { (0x61...0x7A).contains(self) }
}
