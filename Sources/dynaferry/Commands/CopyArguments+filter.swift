import CommandLine
import DynamoModel

extension CopyArguments {
    static let filterKind = ValueKind<String>.text("CONDITION", expected: "a condition")

    static var filterOption: Option<Self> {
        Option(
            "--where", filterKind, \.filter, in: .reading, default: "all items",
            """
            Copy only items that satisfy a condition of DynamoDB's, with its values in place: \
            "country = 'CN' AND attribute_exists(email)". Every item is read all the same.
            """
        ).perTable
    }

    /// The condition, read.
    /// - Throws: for what is none, with the place where it goes wrong.
    func itemFilter() throws(UsageError) -> ItemFilter? {
        guard let filter else { return nil }
        do throws(ExpressionError) {
            return try ItemFilter(filter)
        } catch {
            throw UsageError(
                error.text(in: filter, option: "--where"),
                hints: [
                    "texts stand in 'single quotes', odd names in \"double quotes\": \"a-b\" = 'c'"
                ])
        }
    }

    /// The same, of arguments that have been validated.
    var checkedFilter: ItemFilter? {
        get throws(CommandFailure) {
            do throws(UsageError) {
                return try itemFilter()
            } catch {
                throw CommandFailure(error.message, hints: error.hints)
            }
        }
    }
}

extension ExpressionError {
    /// What is wrong, and below it where: the text and a caret.
    fileprivate func text(in whole: String, option: String) -> String {
        guard let offset else { return "\(option): \(description)" }
        let line = whole.map { $0.isNewline || $0 == "\t" ? " " : String($0) }.joined()
        let before = String(decoding: Array(whole.utf8).prefix(offset), as: UTF8.self).count
        return "\(option): \(description)\n  \(line)\n  "
            + String(repeating: " ", count: before) + "^"
    }
}
