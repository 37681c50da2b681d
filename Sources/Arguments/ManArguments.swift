import CommandLine

/// `dynaferry man`, which takes nothing.
package struct ManArguments: CommandArguments, Equatable {
    package init() {}

    package static let name = "man"
    package static let summary = "Print the manual page, dynaferry.1."

    package static let about = [
        """
        Prints everything that help says of all commands as one page of the manual, in the form \
        that man(1) reads. Made of the same declarations as help.
        """
    ]

    package static let operands: [Operand<Self>] = []
    package static let options: [Option<Self>] = []

    package static let examples = [
        Note("dynaferry man", "For a file dynaferry.1 in a folder man1 of the manual's path:")
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Printed."), Note(.usage, "Wrong usage."),
    ]

    package static let environment: [Note] = []

    package func validate() throws(UsageError) {}
}
