/// The rules for names of tables and indexes.
package enum TableName {
    private static let lengths = 3...255
    private static let pattern = "[a-zA-Z0-9_.-]+"

    /// Checks the name of a table, which may be an ARN.
    package static func check(_ name: String) throws(ServiceError) {
        if name.hasPrefix("arn:"), name.utf8.count <= 1024 { return }
        try check(name, at: "tableName")
    }

    /// - Parameter member: as the model's constraints spell it.
    package static func check(_ name: String, at member: String) throws(ServiceError) {
        var rules: [String] = []
        if !isLegal(name) {
            rules.append("Member must satisfy regular expression pattern: \(pattern)")
        }
        if name.utf8.count < lengths.lowerBound {
            rules.append(
                "Member must have length greater than or equal to \(lengths.lowerBound)")
        }
        if name.utf8.count > lengths.upperBound {
            rules.append("Member must have length less than or equal to \(lengths.upperBound)")
        }
        guard rules.isEmpty else { throw .constraints(name, at: member, rules) }
    }

    private static func isLegal(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x2D, 0x5F: true
                default: false
                }
            }
    }
}
