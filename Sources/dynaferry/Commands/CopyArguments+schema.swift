import CommandLine
import DynamoModel
import Transfer

extension CopyArguments {
    static var schemaOptions: [Option<Self>] {
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

    func validateSchema() throws(UsageError) {
        if schemaOnly, dataOnly {
            throw UsageError("--schema-only and --data-only contradict each other")
        }
        guard dataOnly else { return }
        let others: [(String, Bool)] = [
            ("--apply-settings", settings.appliesToExisting), ("--indexes", indexes != nil),
            ("--kms-key", settings.kmsKey != nil), ("--policy-file", policyFile != nil),
            ("--kinesis-stream", settings.kinesisStream != nil),
            ("--replica", !settings.replicas.isEmpty),
        ]
        guard let other = others.first(where: { $0.1 })?.0 else { return }
        throw UsageError("--data-only leaves settings alone, but \(other) sets some")
    }
}
