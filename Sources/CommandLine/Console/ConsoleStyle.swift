/// When text is coloured.
package enum ColourChoice: String, CaseIterable, Sendable {
    /// On a terminal that can show it, unless its user wants none (no-color.org).
    case auto
    case always
    case never

    /// - Parameters:
    ///   - isCapable: it goes to a terminal that understands escape sequences.
    ///   - noColour: the variable `NO_COLOR`.
    package func hasColours(isCapable: Bool, noColour: String?) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: isCapable && (noColour ?? "").isEmpty
        }
    }
}

/// How a ``Console`` speaks.
package struct ConsoleStyle: Equatable, Sendable {
    package var colour: ColourChoice
    /// stderr gets JSON objects and nothing else.
    package var speaksJSON: Bool

    package init(colour: ColourChoice = .auto, speaksJSON: Bool = false) {
        self.colour = colour
        self.speaksJSON = speaksJSON
    }
}

/// What a message is, for programs.
package enum MessageLevel: String, Sendable {
    case error
    case warning
    /// What to do about it.
    case hint
    case note
}
