/// One option as it was given, on the command line or in a file.
package struct OptionSetting: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        /// By its name alone.
        case bare
        case text(String)
        /// A flag that a file says is not set: what is said of it elsewhere does not hold.
        case off
    }

    /// The name that it was given by, dashes included.
    package var name: String
    package var value: Value
    /// Where it stands in a file; nil: on the command line.
    package var origin: ConfigOrigin?

    package init(name: String, value: Value, origin: ConfigOrigin? = nil) {
        self.name = name
        self.value = value
        self.origin = origin
    }
}

extension [OptionSetting] {
    /// These, and before them those of `others` about which they say nothing.
    ///
    /// An option's chief name, which means both sides where there are two, also speaks for its
    /// other names: `--region` leaves nothing of a file's `source-region`.
    package func over(_ others: [OptionSetting], _ options: [OptionDescription]) -> [OptionSetting]
    {
        var spokenFor = Set(map(\.name))
        for option in options where spokenFor.contains(option.names[0]) {
            spokenFor.formUnion(option.names)
        }
        return others.filter { !spokenFor.contains($0.name) } + self
    }
}
