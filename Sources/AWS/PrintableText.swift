extension String {
    /// Short, and free of what a terminal would obey, for error messages.
    package var printable: String {
        String(singleLine.unicodeScalars.prefix(80).map(Character.init))
    }

    /// Free of what a terminal would obey.
    package var singleLine: String {
        String(
            unicodeScalars.prefix(1_000).map {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : Character($0)
            })
    }
}
