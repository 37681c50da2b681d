/// The rules for names of tables and indexes.
package enum TableName {
    package static func check(_ name: String) throws(ServiceError) {
        if name.hasPrefix("arn:"), name.utf8.count <= 1024 { return }
        guard (3...255).contains(name.utf8.count) else {
            throw .validation(
                "TableName must be at least 3 characters long and at most 255 characters long")
        }
        try checkPattern(name, at: "tableName")
    }

    package static func checkPattern(_ name: String, at member: String) throws(ServiceError) {
        let isLegal = name.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x2D, 0x5F: true
            default: false
            }
        }
        guard isLegal else {
            throw .constraint(
                name, at: member,
                "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
        }
    }
}
