import JSON

/// The tags of a table, in the order in which they came (guide, "Tagging restrictions").
struct TagSet: Sendable {
    private static let countMax = 50
    private static let keyCharactersMax = 128
    private static let valueCharactersMax = 256

    private(set) var tags: [(key: String, value: String)] = []

    /// Adds tags; one of the same key is replaced. Throws and changes nothing when one is wrong.
    mutating func add(_ json: [JSON]) throws(ServiceError) {
        var new = tags
        var keys: Set<String> = []
        for tag in json {
            let key = tag["Key"]?.string ?? ""
            try Self.checkKey(key)
            guard let value = tag["Value"]?.string, value.count <= Self.valueCharactersMax else {
                throw .validation(
                    "The Tag Value provided is invalid, Value: "
                        + (tag["Value"]?.string ?? "null"))
            }
            guard keys.insert(key).inserted else {
                throw .validation(
                    "Duplicate Tag Keys provided as input: Duplicate Tag Key found \(key)")
            }
            if let place = new.firstIndex(where: { $0.key == key }) {
                new[place].value = value
            } else {
                new.append((key, value))
            }
        }
        guard new.count <= Self.countMax else {
            throw .validation(
                "Number of Tags exceed the current limit for the provided ResourceArn")
        }
        tags = new
    }

    /// Keys that no tag has are no matter.
    mutating func remove(_ keys: [String]) throws(ServiceError) {
        for key in keys { try Self.checkKey(key) }
        tags.removeAll { keys.contains($0.key) }
    }

    private static func checkKey(_ key: String) throws(ServiceError) {
        guard (1...keyCharactersMax).contains(key.count) else {
            throw .validation("The Tag Key provided is invalid, Key: \(key)")
        }
        guard !key.lowercased().hasPrefix("aws:") else {
            throw .validation("Tag Key cannot be prefixed with aws:, Key: \(key)")
        }
    }
}
