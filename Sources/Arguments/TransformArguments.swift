import CommandLine
import Connectors
import DynamoModel
import System

/// What is to become of items on the way, as it was given.
package struct TransformArguments: Equatable, Sendable {
    package var texts = ItemTransform.Texts()
    package var onFailure = ItemTransform.OnFailure.deadLetter
    /// A file whose bytes are what `hash` hashes with.
    package var secretFile: String?
    /// Which of all partition keys are wanted; nil: all.
    package var fraction: Percentage?
    /// In seconds since 1970; nil: the job's start, where there is one.
    package var now: Int?

    package init() {}

    /// What is not so if nothing is chosen and nothing changed.
    package var isNone: Bool { texts == ItemTransform.Texts() && fraction == nil }

    /// The expressions, read. Of the secret file it is enough here that it is named.
    /// - Throws: for what can't be read, with the place where it goes wrong.
    package func check(hasJob: Bool) throws(UsageError) {
        let stand = SecretKey(Array(repeating: 0, count: SecretKey.bytesMin))
        let transform = try transform(key: secretFile == nil ? nil : stand, hasJob: hasJob)
        try checkOthers(transform.changes)
    }

    private func checkOthers(_ changes: ItemChanges?) throws(UsageError) {
        if changes == nil, onFailure != .deadLetter {
            throw UsageError(
                "--on-error requires --set or --remove",
                hints: ["leave it out, or say what is to be changed"])
        }
        if let changes, changes.hidesValues, onFailure == .keep {
            throw UsageError(
                "--on-error keep would write values unchanged that hash or mask is to hide",
                hints: ["choose dead-letter, leave-out or fail"])
        }
    }

    /// - Parameter hasJob: `now()` is the job's start.
    package func transform(key: SecretKey?, hasJob: Bool) throws(UsageError) -> ItemTransform {
        do throws(ItemTransform.Refusal) {
            var transform = try ItemTransform(texts, key: key, now: now, hasJob: hasJob)
            transform.onFailure = onFailure
            transform.fraction = fraction.map { KeyFraction($0.share) }
            return transform
        } catch {
            switch error.text {
            case .wanted: throw Self.refusal(error.error, texts.wanted, "--where")
            case .set: throw Self.refusal(error.error, texts.set, "--set")
            case .remove: throw Self.refusal(error.error, texts.remove, "--remove")
            }
        }
    }

    private static func refusal(
        _ error: ExpressionError, _ text: String?, _ option: String
    ) -> UsageError {
        UsageError(
            error.text(in: text ?? "", option: option),
            hints: [
                "texts stand in 'single quotes', odd names in \"double quotes\": \"a-b\" = 'c'"
            ])
    }

    /// The same, of arguments that have been checked, with the secret that its file holds.
    package func transform(hasJob: Bool) throws(CommandFailure) -> ItemTransform {
        let key = try secretFile.map { path throws(CommandFailure) in try SecretKey(file: path) }
        do throws(UsageError) {
            return try transform(key: key, hasJob: hasJob)
        } catch {
            throw CommandFailure(error.message, hints: error.hints)
        }
    }
}

extension SecretKey {
    /// More is no secret, but the wrong file.
    private static let bytesMax = 4_096

    /// The bytes of a file, less one newline at the end.
    fileprivate init(file path: String) throws(CommandFailure) {
        var bytes: [UInt8]
        do {
            bytes = try WholeFile.bytes(ofFileAt: path, bytesMax: Self.bytesMax + 1)
        } catch {
            throw CommandFailure(
                "--secret-file: \(error.description)", hints: ["name a file with a secret"])
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        guard (Self.bytesMin...Self.bytesMax).contains(bytes.count) else {
            throw CommandFailure(
                "--secret-file: \(path) has \(bytes.count) bytes, where a secret has"
                    + " \(Self.bytesMin) to \(Self.bytesMax)",
                hints: ["make one: head -c 32 /dev/urandom | base64 > FILE"])
        }
        self.init(bytes)
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
