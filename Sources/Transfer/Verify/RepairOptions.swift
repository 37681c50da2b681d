import Connectors

/// What a repair may do.
package struct RepairOptions: Equatable, Sendable {
    /// Items that the source does not have are deleted.
    package var deletesExtra = false
    /// nil: ``DeadLetterFile/defaultPath(table:)``.
    package var deadLettersPath: String?
    package var deadLettersMax = 1_000

    package init() {}
}
