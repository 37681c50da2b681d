import JSON
import System

/// What `aws sso login` leaves for other programs: a token, and what renews it.
///
/// The file is `~/.aws/sso/cache/HASH.json`, its name the SHA-1 of the session's name, or of the
/// start URL where there is no session. Members that are not known here are kept.
struct SSOToken: CustomStringConvertible, CustomReflectable {
    private(set) var json: JSON
    let accessToken: String
    let expiresAt: UTCTime

    /// What CreateToken wants for a new one.
    struct Renewal {
        var clientID: String
        var clientSecret: String
        var refreshToken: String
    }

    init?(_ bytes: [UInt8]) {
        let parsed = bytes.withUnsafeBytes { try? JSON(parsing: $0) }
        guard let parsed, let token = parsed["accessToken"]?.string, Self.isHeaderText(token),
            let end = parsed["expiresAt"]?.string.flatMap(UTCTime.init(iso8601:))
        else { return nil }
        json = parsed
        accessToken = token
        expiresAt = end
    }

    /// The token of a reply of CreateToken, with what this one says besides.
    func renewed(by reply: JSON, at now: UTCTime) -> SSOToken? {
        guard let token = reply["accessToken"]?.string,
            let seconds = reply["expiresIn"]?.int(in: 1...31_536_000)
        else { return nil }
        var json = json
        json["accessToken"] = .string(token)
        let end = UTCTime(secondsSinceEpoch: now.secondsSinceEpoch + seconds)
        json["expiresAt"] = .string(end.iso8601)
        // A token that is not handed out anew stays good.
        if let next = reply["refreshToken"]?.string { json["refreshToken"] = .string(next) }
        return SSOToken(Array(json.text.utf8))
    }

    /// Nil when the registration of the program that signed in has ended, or is not known.
    func renewal(at now: UTCTime) -> Renewal? {
        guard let client = json["clientId"]?.string, let secret = json["clientSecret"]?.string,
            let token = json["refreshToken"]?.string,
            let end = json["registrationExpiresAt"]?.string.flatMap(UTCTime.init(iso8601:)),
            end.secondsSinceEpoch > now.secondsSinceEpoch
        else { return nil }
        return Renewal(clientID: client, clientSecret: secret, refreshToken: token)
    }

    private static func isHeaderText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    var description: String { "SSO token until \(expiresAt)" }
    var customMirror: Mirror { Mirror(self, children: ["expiresAt": expiresAt]) }
}
