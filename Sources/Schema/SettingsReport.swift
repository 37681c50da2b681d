import JSON

/// What was done about a table's settings, in words.
package struct SettingsReport: Equatable, Sendable {
    package var carried: [String] = []
    package var notCarried: [String] = []
    /// Where a target that was there before differs, and was left as it is.
    package var differences: [String] = []

    package init() {}

    package init(_ plan: SettingsPlan) {
        carried = plan.carried
        notCarried = plan.notCarried.map(\.text)
        differences = plan.differences
    }

    package var json: JSON {
        [
            "carried": Self.json(carried), "notCarried": Self.json(notCarried),
            "differences": Self.json(differences),
        ]
    }

    package init(json: JSON?) {
        carried = Self.texts(json?["carried"])
        notCarried = Self.texts(json?["notCarried"])
        differences = Self.texts(json?["differences"])
    }

    private static func json(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

    private static func texts(_ json: JSON?) -> [String] {
        (json?.array ?? []).compactMap(\.string)
    }
}
