extension OptionDescription {
    /// `NAME=VALUE`, which an object can hold.
    package var takesPairs: Bool { value?.name.contains("=") ?? false }

    package var expectedInFile: String {
        switch syntax {
        case .flag: "true or false"
        case .valueAfterEquals(let value): "true, false, or \(value.expected)"
        case .value(let value): value.expected
        }
    }
}
