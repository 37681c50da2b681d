import AWS
import CommandLine
import System

/// How to reach one side of a copy, and as whom. nil leaves it to the environment and the profile
/// files.
package struct SideArguments: Equatable, Sendable {
    package var region: String?
    package var profile: String?
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    package var endpoint: String?
    /// A PEM file of the certificates to trust instead of the system's.
    package var caBundle: String?

    /// A role to assume with the credentials that are found, and how.
    package var roleARN: String?
    package var externalID: String?
    package var sessionName: String?
    package var sessionDuration: Duration?

    /// Asks for FIPS or dual-stack hosts; nil leaves it to the environment.
    package var fips: Bool?
    package var dualStack: Bool?

    /// These, and where one is nil that of `others`.
    package func filled(from others: SideArguments) -> SideArguments {
        var side = self
        side.region = region ?? others.region
        side.profile = profile ?? others.profile
        side.endpoint = endpoint ?? others.endpoint
        side.caBundle = caBundle ?? others.caBundle
        side.roleARN = roleARN ?? others.roleARN
        side.externalID = externalID ?? others.externalID
        side.sessionName = sessionName ?? others.sessionName
        side.sessionDuration = sessionDuration ?? others.sessionDuration
        side.fips = fips ?? others.fips
        side.dualStack = dualStack ?? others.dualStack
        return side
    }

    package var role: AssumedRole? {
        roleARN.map {
            AssumedRole(
                arn: $0, externalID: externalID, sessionName: sessionName,
                durationSeconds: sessionDuration.map { Int($0.components.seconds) })
        }
    }
}

/// What was given for each side, and for both.
package struct SidesArguments: Equatable, Sendable {
    package var both = SideArguments()
    package var source = SideArguments()
    package var target = SideArguments()
    /// A file of variables for each side.
    package var envFile: String?

    package var filledSource: SideArguments { source.filled(from: both) }
    package var filledTarget: SideArguments { target.filled(from: both) }

    /// What says how to assume a role says nothing without one.
    package func validateRoles() throws(UsageError) {
        for (name, side) in [("source", filledSource), ("target", filledTarget)]
        where side.roleARN == nil {
            let givens: [(String, Bool)] = [
                ("external-id", side.externalID != nil), ("session-name", side.sessionName != nil),
                ("session-duration", side.sessionDuration != nil),
            ]
            guard let given = givens.first(where: { $0.1 })?.0 else { continue }
            throw UsageError(
                "--\(given) is given, but no role for the \(name)",
                hints: ["name it with --\(name)-role-arn, or --role-arn for both sides"])
        }
    }
}

extension ValueKind where Value == String {
    /// A region stands in host names, so it is a label of one (RFC 1123).
    package static var region: Self {
        .text("REGION", expected: "a region such as eu-central-1") { text in
            text.utf8.count <= 63 && text.first != "-" && text.last != "-"
                && text.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" }
        }.proposing(.choices(Partition.regionsKnown))
    }

    package static var profile: Self {
        .text("NAME", expected: "a profile's name").proposing(.profile)
    }

    package static var endpoint: Self {
        ValueKind(
            name: "URL", expected: "an address such as http://127.0.0.1:8000",
            parse: { checkedEndpoint($0) }, show: { $0 },
            advice: { text in
                guard !text.contains("://"), checkedEndpoint("http://" + text) != nil else {
                    return nil
                }
                return "say how to speak to it: http://\(text) or https://\(text)"
            })
    }

    package static var roleARN: Self {
        .text("ARN", expected: "a role's ARN such as arn:aws:iam::123456789012:role/copier") {
            AssumedRole(arn: $0).defect == nil
        }
    }

    package static var sessionName: Self {
        .text("NAME", expected: "2 to 64 letters, digits and +=,.@_-") {
            AssumedRole.isSessionName($0)
        }
    }

    package static var host: Self {
        .text("HOST", expected: "an address or a host name") { isHost($0) }
    }
}

extension ValueKind where Value == Duration {
    /// How long a role's session may last.
    package static var sessionDuration: Self {
        let any = ValueKind.duration
        return ValueKind(
            name: any.name, expected: "a time from 15m to 12h",
            parse: { text in
                let range = AssumedRole.durationRange
                return any.parse(text).flatMap {
                    range.contains(Int($0.components.seconds)) ? $0 : nil
                }
            }, show: any.show, advice: any.advice)
    }
}

/// `text` without its closing slash when it is scheme, host and perhaps port, and nothing else.
private func checkedEndpoint(_ text: String) -> String? {
    let text = text.last == "/" ? String(text.dropLast()) : text
    guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
        return nil
    }
    let address = text.dropFirst(scheme.count)
    // The port follows the last colon, unless that one is inside of an IPv6 address's brackets.
    guard let colon = address.lastIndex(of: ":"), !address[colon...].contains("]") else {
        return isHost(String(address)) ? text : nil
    }
    let port = wholeNumber(String(address[address.index(after: colon)...])) ?? 0
    return isHost(String(address[..<colon])) && (1...65_535).contains(port) ? text : nil
}

/// Whether `text` may be a host: the characters of names, IPv4 and IPv6 addresses, in brackets or
/// not. Whether it exists is for the resolver to say.
private func isHost(_ text: String) -> Bool {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text[...]
    let isAddress = bare.contains(":")
    guard !bare.isEmpty, bare.utf8.count <= 253, isAddress || bare.count == text.count else {
        return false
    }
    return bare.allSatisfy {
        $0.isASCIILetter || $0.isASCIIDigit || "-._".contains($0)
            || (isAddress && ":%".contains($0))
    }
}
