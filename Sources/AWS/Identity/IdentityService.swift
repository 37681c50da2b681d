/// A service that credentials come from, and how its endpoint is named in each place.
enum IdentityService: Sendable {
    case sts
    case sso
    case ssoOIDC

    /// The first label of its host names.
    var hostName: String {
        switch self {
        case .sts: "sts"
        case .sso: "portal.sso"
        case .ssoOIDC: "oidc"
        }
    }

    /// The end of `AWS_ENDPOINT_URL_...` (the SDKs' guide, "Service-specific endpoints").
    var variable: String {
        switch self {
        case .sts: "STS"
        case .sso: "SSO"
        case .ssoOIDC: "SSO_OIDC"
        }
    }

    var section: String { variable.lowercased() }
}

/// Finds the endpoints of a side's services: what is configured for the service, then for all, then
/// AWS's own for the region.
struct ServiceLocator: Sendable {
    let environment: [String: String]
    let properties: ProfileFile.Properties
    /// Of the profile's `services` section, `sts.endpoint_url` and others.
    let services: ProfileFile.Properties
    let variant: Endpoint.Variant

    /// The endpoint that is configured for the service of these names; nil for AWS's own.
    func configuredURL(variable: String, section: String) -> String? {
        if isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return nil
        }
        return environment["AWS_ENDPOINT_URL_\(variable)"] ?? environment["AWS_ENDPOINT_URL"]
            ?? services["\(section).endpoint_url"] ?? properties["endpoint_url"]
    }

    func isTrue(_ variable: String, _ property: String) -> Bool {
        (environment[variable] ?? properties[property])?.lowercased() == "true"
    }

    /// Scheme and host, without a path, and the value of the Host header.
    func endpoint(
        of service: IdentityService, in region: String
    ) throws(ConfigurationError) -> EndpointURL {
        if let url = configuredURL(variable: service.variable, section: service.section) {
            return try EndpointURL(url)
        }
        return EndpointURL(host: try Partition.host(of: service.hostName, in: region, variant).host)
    }
}
