/// How to reach one side of a copy. nil leaves it to the environment and the profile files.
package struct SideArguments: Equatable, Sendable {
    package var region: String?
    package var profile: String?
    /// `http://HOST:PORT` or `https://HOST:PORT`, without a path.
    package var endpoint: String?
    /// A PEM file of the certificates to trust instead of the system's.
    package var caBundle: String?

    /// These, and where one is nil that of `others`.
    package func filled(from others: SideArguments) -> SideArguments {
        SideArguments(
            region: region ?? others.region, profile: profile ?? others.profile,
            endpoint: endpoint ?? others.endpoint, caBundle: caBundle ?? others.caBundle)
    }
}

/// What was given for each side, and for both.
package struct SidesArguments: Equatable, Sendable {
    package var both = SideArguments()
    package var source = SideArguments()
    package var target = SideArguments()
}

extension Option where Arguments == CopyArguments {
    /// The same option for both sides and for each: `--NOUN`, `--source-NOUN`, `--target-NOUN`.
    static func sided<Value>(
        _ noun: String, _ kind: ValueKind<Value>,
        _ path: WritableKeyPath<SideArguments, Value?> & Sendable,
        default standard: String, _ help: String
    ) -> Self {
        Option(
            ["--\(noun)", "--source-\(noun)", "--target-\(noun)"], kind, in: .sides,
            default: standard, help
        ) { arguments, name, value in
            switch name {
            case "--source-\(noun)": arguments.sides.source[keyPath: path] = value
            case "--target-\(noun)": arguments.sides.target[keyPath: path] = value
            default: arguments.sides.both[keyPath: path] = value
            }
        }
    }
}

extension ValueKind where Value == String {
    /// A region stands in host names, so it is a label of one (RFC 1123).
    package static var region: Self {
        .text("REGION", expected: "a region such as eu-central-1") { text in
            text.utf8.count <= 63 && text.first != "-" && text.last != "-"
                && text.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == "-" }
        }
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

    package static var host: Self {
        .text("HOST", expected: "an address or a host name") { isHost($0) }
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
