/// What of the environment's proxy variables libcurl does not heed, and other tools do:
/// `HTTP_PROXY` in upper case, and entries of `NO_PROXY` that name a port. All else is left to
/// libcurl.
package struct ProxyRules: Equatable, Sendable {
    /// How a request is to get to its host.
    enum Route: Equatable {
        /// As libcurl reads the environment.
        case usual
        /// Around any proxy.
        case direct
        case through(String)
    }

    private var httpProxy: String?
    /// Entries of `NO_PROXY` that have a port: a host, or the end of one after a dot.
    private var exceptions: [(host: String, port: String)] = []

    package init() {}

    /// - Parameter environment: variables that are empty count as not set.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        // A lower-case one is libcurl's.
        if value("http_proxy") == nil { httpProxy = value("HTTP_PROXY") }
        let list = value("no_proxy") ?? value("NO_PROXY") ?? ""
        for entry in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let (name, port) = Endpoint.split(entry)
            if let port, !name.isEmpty {
                exceptions.append((name.lowercased(), String(port)))
            }
        }
    }

    func route(to url: String) -> Route {
        let isPlain = url.lowercased().hasPrefix("http:")
        let authority = url.drop { $0 != ":" }.dropFirst(3).prefix { !"/?#".contains($0) }
        let (name, given) = Endpoint.split(authority)
        let (host, port) = (name.lowercased(), given.map(String.init) ?? (isPlain ? "80" : "443"))
        let isException = exceptions.contains { entry in
            let domain = entry.host.hasPrefix(".") ? entry.host : "." + entry.host
            return entry.port == port && (host == entry.host || host.hasSuffix(domain))
        }
        if isException { return .direct }
        return isPlain ? httpProxy.map { .through($0) } ?? .usual : .usual
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.httpProxy == right.httpProxy
            && left.exceptions.elementsEqual(right.exceptions, by: ==)
    }
}
