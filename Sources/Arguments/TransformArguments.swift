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
    /// A file that says what happens to each place of an item.
    package var rulesFile: String?
    /// A program that items go through, how many of it run, and how long one may be silent.
    package var through: String?
    package var throughJobs: Int?
    package var throughTimeout: Duration?
    /// Which of all partition keys are wanted; nil: all.
    package var fraction: Percentage?
    /// A file that lists the keys of the items that are wanted; nil: all.
    package var keysFile: String?
    /// In seconds since 1970; nil: the job's start, where there is one.
    package var now: Int?

    package init() {}

    /// In place of the secret, where its file is not read.
    private static let standIn = SecretKey(Array(repeating: 0, count: SecretKey.bytesMin))

    /// Nothing is chosen, and nothing changed.
    package var isNone: Bool {
        texts == ItemTransform.Texts() && rulesFile == nil && through == nil && fraction == nil
            && keysFile == nil
    }

    /// The expressions, read. Of the secret file it is enough here that it is named.
    /// - Throws: for what can't be read, with the place where it goes wrong.
    package func check(hasJob: Bool) throws(UsageError) {
        let key = secretFile == nil ? nil : Self.standIn
        let transform = try transform(rules: nil, key: key, hasJob: hasJob)
        if rulesFile != nil { try checkRules(key, hasJob: hasJob) }
        try checkThrough()
        try checkOthers(transform.changes)
    }

    /// What items hold must not be shown.
    fileprivate var hidesValues: Bool {
        if rulesFile != nil { return true }
        let found = try? transform(rules: nil, key: Self.standIn, hasJob: true)
        return found?.changes?.hidesValues == true
    }

    private func checkRules(_ key: SecretKey?, hasJob: Bool) throws(UsageError) {
        guard texts.set == nil, texts.remove == nil else {
            throw UsageError(
                "--set and --remove can't be given beside --rules, which has its own",
                hints: ["write them into the file of rules"])
        }
        guard onFailure != .keep else {
            throw UsageError(
                "--on-error keep would write items unchanged that the rules refuse",
                hints: ["choose dead-letter, leave-out or fail"])
        }
        _ = try rules(key, hasJob: hasJob)
    }

    private func checkThrough() throws(UsageError) {
        guard let through else {
            if throughJobs != nil || throughTimeout != nil {
                throw UsageError(
                    "--through-jobs and --through-timeout require --through",
                    hints: ["name the program: --through 'jq -c \"del(.note)\"'"])
            }
            return
        }
        guard !through.allSatisfy(\.isWhitespace) else {
            throw UsageError(
                "--through: there is no command",
                hints: ["name the program: --through 'jq -c \"del(.note)\"'"])
        }
        guard rulesFile == nil else {
            throw UsageError(
                "--rules can't check what a program of --through makes of an item",
                hints: ["leave one of them out"])
        }
    }

    /// - Parameter hasJob: `now()` is the job's start, which is not known yet.
    private func rules(_ key: SecretKey?, hasJob: Bool) throws(UsageError) -> RulesFile? {
        try rulesFile.map { path throws(UsageError) in
            try RulesFile(path, ValueContext(now: hasJob ? now ?? 0 : now, key: key))
        }
    }

    private func checkOthers(_ changes: (any ItemChanging)?) throws(UsageError) {
        if changes == nil, rulesFile == nil, through == nil, onFailure != .deadLetter {
            throw UsageError(
                "--on-error requires --set, --remove, --rules or --through",
                hints: ["leave it out, or say what is to be changed"])
        }
        if let changes, changes.hidesValues, onFailure == .keep {
            throw UsageError(
                "--on-error keep would write values unchanged that hash or mask is to hide",
                hints: ["choose dead-letter, leave-out or fail"])
        }
    }

    /// - Parameter hasJob: `now()` is the job's start.
    private func transform(
        rules: ItemRules?, key: SecretKey?, hasJob: Bool
    ) throws(UsageError) -> ItemTransform {
        do throws(ItemTransform.Refusal) {
            var transform = try ItemTransform(
                texts, rules: rules, key: key, now: now, hasJob: hasJob)
            transform.onFailure = onFailure
            transform.fraction = fraction.map { KeyFraction($0.share) }
            transform.through = throughSettings
            return transform
        } catch {
            switch error.text {
            case .wanted: throw Self.refusal(error.error, texts.wanted, "--where")
            case .set: throw Self.refusal(error.error, texts.set, "--set")
            case .remove: throw Self.refusal(error.error, texts.remove, "--remove")
            }
        }
    }

    private var throughSettings: ThroughSource.Settings? {
        through.map { command in
            var settings = ThroughSource.Settings(command: command)
            settings.jobs = throughJobs ?? settings.jobs
            settings.giveUpAfter = throughTimeout ?? settings.giveUpAfter
            return settings
        }
    }

    static let quotesHint =
        "texts stand in 'single quotes', odd names in \"double quotes\": \"a-b\" = 'c'"

    private static func refusal(
        _ error: ExpressionError, _ text: String?, _ option: String
    ) -> UsageError {
        UsageError(
            "\(option): \(error.text(in: text ?? ""))",
            hints: [quotesHint])
    }

    /// The same, of arguments that have been checked, with the secret that its file holds.
    /// - Parameter table: whose rules hold.
    package func transform(
        ofTable table: String, hasJob: Bool
    ) throws(CommandFailure) -> ItemTransform {
        let key = try secretFile.map { path throws(CommandFailure) in try SecretKey(file: path) }
        var found = try CommandFailure.wrapping { () throws(UsageError) in
            let rules = try rules(key, hasJob: hasJob)?.rules(for: table)
            return try transform(rules: rules, key: key, hasJob: hasJob)
        }
        do throws(KeyList.Failure) {
            found.keyList = try keysFile.map { path throws(KeyList.Failure) in
                try KeyList(path)
            }
        } catch {
            throw CommandFailure(
                "--keys: \(error.message)", hints: ["name a file that has a key in each line"])
        }
        return found
    }

    /// Refuses rules that none of a run's tables has.
    /// - Parameter tables: by name, and what holds for each.
    package static func checkRules(
        of tables: [(name: String, transform: TransformArguments)]
    ) throws(CommandFailure) {
        let ruled = Dictionary(grouping: tables.filter { $0.transform.rulesFile != nil }) {
            $0.transform.rulesFile
        }
        for (_, tables) in ruled.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
            try CommandFailure.wrapping { () throws(UsageError) in
                // Of expressions nothing is looked at here.
                try tables[0].transform.rules(standIn, hasJob: true)?.check(for: tables.map(\.name))
            }
        }
    }
}

extension CopyArguments {
    /// Of some tables what items hold must not be shown.
    package var hidesValues: Bool {
        ([self] + entries.map(\.arguments)).contains(where: \.transform.hidesValues)
    }
}

extension CommandFailure {
    fileprivate static func wrapping<Value>(
        _ body: () throws(UsageError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(UsageError) {
            return try body()
        } catch {
            throw CommandFailure(error.message, hints: error.hints, code: .usage)
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
                "--secret-file: \(path) has \(bytes.count.counted("byte")), where a secret has"
                    + " \(Self.bytesMin) to \(Self.bytesMax)",
                hints: ["make one: head -c 32 /dev/urandom | base64 > FILE"])
        }
        self.init(bytes)
    }
}

extension ExpressionError {
    /// What is wrong, and below it where: the text and a caret.
    func text(in whole: String) -> String {
        guard let offset else { return description }
        let line = whole.map { $0.isNewline || $0 == "\t" ? " " : String($0) }.joined()
        let before = String(decoding: Array(whole.utf8).prefix(offset), as: UTF8.self).count
        return "\(description)\n  \(line)\n  "
            + String(repeating: " ", count: before) + "^"
    }
}
