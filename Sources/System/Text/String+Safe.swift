extension String {
    /// The same, fit for a terminal: what it would obey instead of showing it, line ends and tabs
    /// excepted, is a question mark. (ECMA-48, C0 and C1; Unicode, bidirectional controls.)
    package var withoutControls: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return String(
            String.UnicodeScalarView(unicodeScalars.map { $0.isControl ? "?" : $0 }))
    }

    /// The same, but for the user and password of a URL: `http://***@host`.
    package var withoutPassword: String {
        guard let start = firstRange(of: "//")?.upperBound else { return self }
        let authority = self[start...].prefix { !"/?#".contains($0) }
        guard let at = authority.lastIndex(of: "@") else { return self }
        return self[..<start] + "***" + self[at...]
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch value {
        case 0x09, 0x0A: false
        case 0x00..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
