import AWS
import CommandLine
import DynamoModel
import Schema
import System
import Transfer

extension CopyArguments {
    package static var schemaOptions: [Option<Self>] { partOptions + madeOptions }

    private static var partOptions: [Option<Self>] {
        [
            Option(
                flag: "--schema-only", \.schemaOnly, in: .schema,
                "Make the tables with their settings, and copy no items."),
            Option(
                flag: "--data-only", \.dataOnly, in: .schema,
                "Copy items only, into tables that are there; settings are not looked at."),
            Option(
                flags: Setting.allCases.map { "--no-\($0.rawValue)" }, in: .schema,
                default: "everything is carried over",
                """
                Leave a setting as a new table has it, and do not read the source's. Settings are \
                set once the items are there.
                """
            ) { arguments, name in
                guard let setting = Setting(rawValue: String(name.dropFirst("--no-".count))) else {
                    preconditionFailure("\(name) is declared by its setting")
                }
                arguments.settings.without.insert(setting)
            }.perTable,
            Option(
                flag: "--apply-settings", \.settings.appliesToExisting, in: .schema,
                """
                Make the settings of a target that is there already those of the source, missing \
                indexes among them. Nothing is taken away from it. Without this, differences are \
                listed.
                """
            ).perTable,
            Option(
                "--indexes", .choice, \.indexes, in: .schema,
                default: "with, or after for tables of 10 GiB and more",
                """
                Make global indexes with the table, so that each item is written to them as it \
                arrives, or one by one after the items, at no write units.
                """
            ).perTable,
        ]
    }

    /// What targets are made with.
    private static var madeOptions: [Option<Self>] {
        [
            Option(
                "--billing-mode", .choice, \.settings.billing, in: .schema, default: "source",
                "How targets that are made are paid for; an existing one stays as it is."
            ).perTable,
            Option(
                "--target-capacity", .throughput, \.settings.capacity, in: .schema,
                default: "the source's",
                """
                Read and write units of targets that are made, and of each of their indexes; makes \
                them provisioned.
                """
            ).perTable,
            Option(
                flag: "--strict-settings", \.strictSettings, in: .schema,
                """
                End with 3 when a setting or an index of the source is not in the target at the \
                end. Without this it is said, and the copy is complete.
                """),
            Option(
                "--kms-key", .text("KEY", expected: "a key's id or ARN"), \.settings.kmsKey,
                in: .schema,
                default: "the source's within its account and region, else aws/dynamodb",
                "Encrypt new targets with this KMS key, named by id or ARN."
            ).perTable,
            Option(
                "--policy-file", .file, \.policyFile, in: .schema,
                default: "the source's within its account and region",
                "Give targets the resource policy in FILE."
            ).perTable,
            Option(
                "--kinesis-stream",
                .text("ARN", expected: "a stream's ARN") { $0.hasPrefix("arn:") },
                \.settings.kinesisStream, in: .schema, default: "none",
                "Send the targets' changes to this Kinesis stream."
            ).perTable,
            Option(
                repeating: "--replica", .region, \.settings.replicas, in: .schema,
                default: "none", "Make targets global tables with a replica in REGION."
            ).perTable,
            Option(
                "--boost-write", .integer(1...10_000_000), \.boostWrite, in: .schema,
                default: "off",
                """
                Raise a provisioned target to N write units, and its indexes, while its items \
                arrive, and set it back however the copy ends. A new on-demand target is made warm \
                for N.
                """
            ).perTable,
        ]
    }

    package func validateSchema() throws(UsageError) {
        if schemaOnly, dataOnly {
            throw UsageError(
                "--schema-only and --data-only contradict each other",
                hints: ["leave both out to copy tables with their items"])
        }
        for arguments in [self] + entries.map(\.arguments) {
            try arguments.settings.checkBilling()
            try arguments.checkWithout()
            try arguments.checkReplicas()
            if schemaOnly { try arguments.checkNoItems() }
        }
        guard dataOnly else { return }
        let others: [(String, Bool)] = [
            ("--apply-settings", settings.appliesToExisting), ("--indexes", indexes != nil),
            ("--kms-key", settings.kmsKey != nil), ("--policy-file", policyFile != nil),
            ("--kinesis-stream", settings.kinesisStream != nil),
            ("--replica", !settings.replicas.isEmpty),
            ("--billing-mode", settings.billing != nil),
            ("--target-capacity", settings.capacity != nil), ("--strict-settings", strictSettings),
        ]
        guard let other = others.first(where: { $0.1 })?.0 else { return }
        throw UsageError(
            "--data-only leaves settings alone, but \(other) sets some",
            hints: ["leave out \(other), or leave out --data-only"])
    }
}

extension CopyArguments {
    /// What is left out can't be given too.
    private func checkWithout() throws(UsageError) {
        let given: [(String, Bool, Setting)] = [
            ("--kms-key", settings.kmsKey != nil, .encryption),
            ("--policy-file", policyFile != nil, .policy),
            ("--kinesis-stream", settings.kinesisStream != nil, .kinesis),
            ("--replica", !settings.replicas.isEmpty, .replicas),
        ]
        for (option, isGiven, setting) in given
        where isGiven && settings.without.contains(setting) {
            throw UsageError(
                "\(option) sets what --no-\(setting.rawValue) leaves out",
                hints: ["leave one of them out"])
        }
    }

    private func checkReplicas() throws(UsageError) {
        for region in settings.replicas where Partition.of(region: region) == nil {
            throw UsageError(
                "--replica \(region): that is not the name of an AWS region",
                hints: ["names look like us-east-1 or eu-central-1"])
        }
    }

    /// Without items there is nothing to be done to them.
    private func checkNoItems() throws(UsageError) {
        let others: [(String, Bool)] = [
            ("--verify", verifies), ("--merge", merge != nil), ("--skip-expired", skipExpired),
            ("--dead-letters", deadLetters != nil), ("--boost-write", boostWrite != nil),
        ]
        guard let other = others.first(where: { $0.1 })?.0 else { return }
        throw UsageError(
            "--schema-only copies no items, but \(other) is about them",
            hints: ["leave out \(other), or leave out --schema-only"])
    }
}

extension SettingChoice {
    fileprivate func checkBilling() throws(UsageError) {
        guard capacity != nil, let billing, billing != .provisioned else { return }
        throw UsageError(
            "--target-capacity makes provisioned targets, but --billing-mode says"
                + " \(billing.rawValue)", hints: ["leave one of them out"])
    }
}

extension ValueKind where Value == Throughput {
    /// `READ:WRITE`, units a second.
    package static var throughput: Self {
        ValueKind(
            name: "READ:WRITE", expected: "read and write units a second, such as 10:50",
            parse: { text in
                let parts = text.split(separator: ":", omittingEmptySubsequences: false)
                    .map { wholeNumber(String($0)).flatMap { Int(exactly: $0) } }
                guard parts.count == 2, let read = parts[0], let write = parts[1],
                    (1...1_000_000).contains(read), (1...1_000_000).contains(write)
                else { return nil }
                return Throughput(readUnits: read, writeUnits: write)
            }, show: { "\($0.readUnits ?? 0):\($0.writeUnits ?? 0)" })
    }
}
