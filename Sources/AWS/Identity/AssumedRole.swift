/// A role to assume, and how. Nothing in it is secret but, to some, the external id.
package struct AssumedRole: Equatable, Sendable {
    /// AWS allows 15 minutes to 12 hours (API reference, AssumeRole); a role that is assumed with
    /// another role's credentials lasts an hour at most.
    package static let durationRange = 900...43_200

    package var arn: String
    package var externalID: String?
    /// Names the session in the other account's logs; nil: one is made up.
    package var sessionName: String?
    package var durationSeconds: Int?
    /// The serial number or ARN of the device whose codes the role wants.
    package var mfaSerial: String?

    package init(
        arn: String, externalID: String? = nil, sessionName: String? = nil,
        durationSeconds: Int? = nil, mfaSerial: String? = nil
    ) {
        self.arn = arn
        self.externalID = externalID
        self.sessionName = sessionName
        self.durationSeconds = durationSeconds
        self.mfaSerial = mfaSerial
    }

    /// What can be seen to be wrong with it without asking, or nil.
    package var defect: String? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        if parts.count < 6 || parts[0] != "arn" || !parts[5].hasPrefix("role/")
            || !arn.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        {
            return "\"\(arn.printable)\" is not the ARN of a role"
        }
        if let sessionName, !Self.isSessionName(sessionName) {
            return "\"\(sessionName.printable)\" can't be a session's name: "
                + "it takes 2 to 64 letters, digits and +=,.@_-"
        }
        if let durationSeconds, !Self.durationRange.contains(durationSeconds) {
            return "a session of \(durationSeconds) s: it takes 15 minutes to 12 hours"
        }
        return nil
    }

    package static func isSessionName(_ name: String) -> Bool {
        (2...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
                    || "+=,.@_-".utf8.contains(byte)
            }
    }
}
