/// Whether DynamoDB is reached by hosts of the account, `123456789012.ddb.us-east-1.amazonaws.com`
/// (SDKs' reference guide, "Account-based endpoints").
package enum AccountHosts: String, Sendable {
    /// Where the credentials name their account.
    case preferred
    case required
    case disabled

    /// Where requests to `endpoint` go with credentials of an account.
    func address(
        of endpoint: Endpoint, account: String?
    ) throws(ConfigurationError) -> Endpoint {
        let plain = endpoint.service.name + "."
        guard self != .disabled, endpoint.host.hasPrefix(plain) else { return endpoint }
        guard let account, account.utf8.count == 12, account.utf8.allSatisfy(\.isDigit) else {
            guard self == .required else { return endpoint }
            throw ConfigurationError(
                .endpoint, "account-based endpoints are required, but nothing names the account",
                hint: "Set AWS_ACCOUNT_ID, or the profile's aws_account_id.")
        }
        return Endpoint(
            scheme: "https", host: "\(account).ddb." + endpoint.host.dropFirst(plain.count),
            region: endpoint.region, partition: endpoint.partition, service: endpoint.service)
    }
}
