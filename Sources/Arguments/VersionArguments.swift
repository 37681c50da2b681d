import CommandLine

/// `dynaferry version`, which takes nothing.
package struct VersionArguments: CommandArguments, Equatable {
    package init() {}

    package static let name = "version"
    package static let summary = "Print the version, and those of the libraries in use."

    package static let about = [
        """
        Prints the version and the commit, as dynaferry --version does, and the version of each \
        library that the program runs with, a line each.
        """
    ]

    package static let operands: [Operand<Self>] = []
    package static let options: [Option<Self>] = []

    package static let examples = [
        Note("dynaferry version", "For a report of a fault:")
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Printed."), Note(.usage, "Wrong usage."),
    ]

    package static let environment: [Note] = []

    package func validate() throws(UsageError) {}
}
