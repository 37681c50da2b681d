/// The commands of the transcript of messages, by what is wrong with them.
enum MessageCommands {
    struct Section {
        let title: String
        /// What each ends with.
        let status: Int32
        let lines: [String]
    }

    /// What a line says to the shell, `NAME=VALUE ...:`, and the rest.
    static func parts(of line: String) -> (setting: String, words: String) {
        guard let end = line.firstRange(of: " :: ") else { return ("", line) }
        return (String(line[..<end.lowerBound]), String(line[end.upperBound...]))
    }

    /// Files that commands read.
    static let files = [
        "short": "secret", "secret": "an example of a key", "secret2": "another example key",
        "broken.json": "{\"tables\": [\n", "list.json": "[]", "none.json": "{\"tables\": []}",
        "typo.json": "{\"write-unit\": 5, \"tables\": [\"orders\"]}",
        "stars.json": "{\"tables\": [{\"source\": \"a-*\", \"target\": \"bbb\"}]}",
        "twice.json": "{\"segments\": 1, \"segments\": 2, \"tables\": [\"orders\"]}",
        "keys.json": "{\"access-key-id\": \"AKIA\", \"tables\": [\"orders\"]}",
        "wrong.json": "{\"segments\": \"four\", \"tables\": [\"orders\"]}",
        "prices.json": "{\"region\": 7}", "policy.txt": "no policy",
        "keys.jsonl": "{\"accountId\": {\"S\": \"a\"}}\n", "bad-keys.jsonl": "{\"x\": 1}\n",
        "env": "SRC_AWS_ACCESS_KEY_ID=a\nNONSENSE\n", "env2": "SRC_AWS_REGIO=a\n",
        "rules.json": "{\"users\": {\"keep\": [\"id\"]}}",
        "lines.jsonl": "{\"accountId\": \"a\", \"sequence\": 1}\nno json\n",
        "config":
            "[profile loop]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=gone\n"
            + "[profile empty]\nregion=us-east-1\n",
    ]

    /// What is done before: an export, and jobs that have ended half-way.
    static let preparations = [
        "copy orders ./dump/ --job dumped --progress none",
        "copy orders ./dump2/ --job dumped2 --progress none",
        "copy orders done --job done --progress none",
        "copy orders half --job half --endpoint $PROXY --progress none",
        "copy orders half2 --job half2 --endpoint $PROXY --progress none"
            + " --set \"note = hash(accountId)\" --secret-file secret",
        "XX=$(rm ./dump2/AWSDynamoDB/*/data/*) :: version",
    ]

    static let sections = usage + contents + running + jobs

    private static let usage = [
        Section(
            title: "Commands and options", status: 2,
            lines: [
                "cpoy orders orders-dev", "ls", "jobs lst", "help copi", "--hlep", "copy",
                "copy orders", "copy orders orders-dev more", "copy orders orders-dev --segmnts 4",
                "copy orders orders-dev --dry-run", "copy orders orders-dev --sample 5%",
                "copy orders orders-dev --zzz", "copy orders orders-dev --segments",
                "copy orders orders-dev --segments --gzip", "copy orders orders-dev --gzip=yes",
                "whoami orders", "version now", "completion tcsh", "jobs status",
                "jobs report done --format pdf",
            ]),
        Section(
            title: "Values", status: 2,
            lines: [
                "copy orders orders-dev --segments four", "copy orders orders-dev --segments 0",
                "copy orders orders-dev --memory 32M", "copy orders orders-dev --memory much",
                "copy orders orders-dev --write-units lots",
                "copy orders orders-dev --write-units 200%",
                "copy orders orders-dev --total-write-units 50%",
                "copy orders orders-dev --give-up-after 15",
                "copy orders orders-dev --region eu_west",
                "copy orders orders-dev --endpoint localhost:8000",
                "copy orders orders-dev --endpoint http://user:word@host/path",
                "copy orders orders-dev --role-arn role/copier",
                "copy orders orders-dev --external-id x",
                "copy orders orders-dev --role-arn arn:aws:iam::123456789012:role/r"
                    + " --session-duration 5m",
                "copy orders orders-dev --merge=all", "copy orders orders-dev --progress loud",
                "copy orders orders-dev --stop-at noon", "copy orders orders-dev --max-cost free",
                "copy orders orders-dev --job 'a b'", "copy orders orders-dev --fraction 0%",
                "copy orders orders-dev --key id", "copy orders orders-dev --billing-mode free",
                "copy orders orders-dev --target-capacity 5",
                "copy orders orders-dev --replica europe", "copy orders orders-dev --report ''",
                "copy or orders-dev", "copy orders o2", "serve --port 65536",
                "serve --fill Orders", "serve --fill 'Orders=5:huge'", "serve --faults eror=0.1",
                "serve --access reader", "demo --items many", "demo --write-units 50%",
                "jobs throttle done", "jobs throttle done --write-units none",
            ]),
        Section(
            title: "Options that do not go together", status: 2,
            lines: [
                "copy orders orders", "copy 'stage-*' dev", "copy ./dump/ ./dump3/",
                "copy orders - --merge", "copy orders orders-dev --schema-only --data-only",
                "copy orders orders-dev --data-only --kms-key k",
                "copy orders orders-dev --schema-only --skip-expired",
                "copy orders orders-dev --resume --restart",
                "copy orders orders-dev --only-changed --merge=keep",
                "copy orders orders-dev --only-changed --skip-expired",
                "copy orders orders-dev --no-encryption --kms-key k",
                "copy orders orders-dev --compression zstd",
                "copy orders ./dump3/ --merge", "copy orders ./dump3/ --level 12",
                "copy orders ./dump3/ --requester-pays", "copy ./dump/ orders-dev --segments 4",
                "copy orders orders-dev --keys keys.jsonl --verify",
                "copy orders orders-dev --through-jobs 2",
                "copy orders orders-dev --on-error keep",
                "verify orders orders-dev --count --sample 5%",
                "verify orders orders-dev --delete-extra",
                "verify orders orders-dev --repair --count", "verify orders -",
                "verify orders ./dump/ --sample 5%", "verify orders ./dump/ --repair",
                "plan orders orders-dev --show-raw", "plan orders orders-dev --full",
                "plan orders orders-dev --only-changed", "plan orders -",
                "serve --fill a=1 --fill a=2", "serve --without Frobnicate",
            ]),
    ]

    private static let contents = [
        Section(
            title: "Config files, rules and other files", status: 2,
            lines: [
                "copy --config nowhere.json", "copy --config broken.json",
                "copy --config list.json", "copy --config none.json", "copy --config typo.json",
                "copy --config stars.json", "copy --config twice.json", "copy --config keys.json",
                "copy --config wrong.json", "copy orders orders-dev --config typo.json",
                "copy orders orders-dev --rules nowhere.json",
                "copy orders orders-dev --rules rules.json",
                "copy orders orders-dev --where \"country = CN'\"", "copy orders s3://A/",
                "copy orders orders-dev --set 'a = hash(accountId)'",
            ]),
        Section(
            title: "Files that can't be read or written", status: 1,
            lines: [
                "copy orders orders-dev --policy-file policy.txt",
                "copy orders orders-dev --policy-file nowhere",
                "copy orders orders-dev --prices prices.json --max-cost 5",
                "copy orders orders-dev --keys nowhere.jsonl",
                "copy orders orders-dev --keys bad-keys.jsonl",
                "copy orders orders-dev --set 'a = hash(accountId)' --secret-file short",
                "copy orders orders-dev --set 'a = hash(accountId)' --secret-file nowhere",
                "copy orders orders-dev --report nowhere/report.json",
                "copy orders orders-dev --report /proc/report.json",
                "copy orders orders-dev --log nowhere/log",
                "copy orders orders-dev --dead-letters nowhere/dead.jsonl",
                "copy orders orders-dev --state-dir short",
                "copy orders orders-dev --state-dir /proc/jobs",
                "copy orders short/", "copy orders /proc/dump/ --progress none",
                "verify orders full --output nowhere/list",
                "copy orders orders-dev --env-file nowhere",
                "copy orders orders-dev --env-file env", "copy orders orders-dev --env-file env2",
            ]),
        Section(
            title: "Exports", status: 1,
            lines: [
                "copy ./nowhere/ orders-dev", "copy ./state/ orders-dev",
                "copy ./dump2/ orders-dev --progress none", "copy ./lines.jsonl orders-dev",
                "copy ./dump/ full", "copy ./dump/ orders-dev --like none",
                "copy s3://nowhere/dump/ orders-dev",
                "copy s3://dumps/none/ orders-dev", "copy orders s3://nowhere/dump/",
                "verify orders ./nowhere/",
            ]),
    ]

    private static let running = [
        Section(
            title: "Credentials and endpoints", status: 1,
            lines: [
                "AWS_ACCESS_KEY_ID= :: copy orders orders-dev",
                "AWS_SECRET_ACCESS_KEY= :: copy orders orders-dev",
                "copy orders orders-dev --profile none",
                "AWS_CONFIG_FILE=config :: copy orders orders-dev --profile loop",
                "AWS_CONFIG_FILE=config :: copy orders orders-dev --profile empty",
                "AWS_REGION= :: copy orders orders-dev --endpoint https://dynamodb.example.com",
                "AWS_ENDPOINT_URL=nonsense :: copy orders orders-dev",
                "copy orders orders-dev --endpoint $NOWHERE",
                "copy orders orders-dev --endpoint http://nowhere.invalid",
                "copy orders orders-dev --target-endpoint https://127.0.0.1:1",
                "copy orders orders-dev --ca-bundle nowhere",
                "copy orders orders-dev --ca-bundle short",
                "copy orders orders-dev --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=READER AWS_SECRET_ACCESS_KEY=wrong ::"
                    + " copy orders orders-dev --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=NOBODY :: copy orders orders-dev --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=READER :: copy orders orders-dev --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=NOBODY :: copy 'orders*' 'dev*' --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=NOBODY :: plan orders orders-dev --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=NOBODY :: verify orders orders-b --endpoint $GUARDED",
                "AWS_ACCESS_KEY_ID=NOBODY AWS_ENDPOINT_URL=$GUARDED ::"
                    + " copy s3://dumps/x/ orders-dev",
                "AWS_ENDPOINT_URL_STS=http://nowhere.invalid :: whoami",
                "AWS_ENDPOINT_URL_STS=$NOWHERE :: whoami", "whoami --endpoint $SERVER",
                "whoami --profile none",
                "AWS_ENDPOINT_URL_STS=http://nowhere.invalid ::"
                    + " whoami --role-arn arn:aws:iam::123456789012:role/r",
                "copy locked locked-dev --endpoint $PROXY",
                "copy locked locked-dev --source-endpoint $PROXY",
                "copy orders keyed --endpoint $PROXY --kms-key 1a2b",
                "copy orders orders-dev --kms-key arn:aws:kms:eu-west-1:123456789012:key/1a2b",
            ]),
        Section(
            title: "Tables", status: 1,
            lines: [
                "copy ordrs orders-dev", "copy nothing orders-dev", "copy 'none-*' 'dev-*'",
                "copy orders full", "copy orders other-keys", "copy orders orders-dev --data-only",
                "copy orders orders-dev --billing-mode provisioned",
                "copy orders orders-dev --write-units 50%", "copy orders orders-dev --memory 1MiB",
                "copy orders orders-dev --replica us-east-1",
                "copy archived archived-dev --endpoint $PROXY",
                "copy sealed sealed-dev --endpoint $PROXY",
                "copy doomed doomed-dev --endpoint $PROXY",
                "copy orders archived --merge --endpoint $PROXY",
                "copy 'stage-*' 'full-*'", "plan 'stage-*' 'full-*'",
                "copy 'same-*' 'other-keys*' --rename same-a=other-keys --rename same-b=full"
                    + " --rename stage-a=full-a",
                "copy '*e*' '*e*-dev' --endpoint $PROXY --rename same-b=full",
                "verify orders nothing",
                "verify orders other-keys", "verify 'stage-*' 'gone-*'", "plan nothing orders-dev",
                "copy orders orders-dev --only-changed --key id:S",
            ]),
    ]

    private static let jobs = [
        Section(
            title: "Jobs", status: 1,
            lines: [
                "jobs status none", "jobs report none", "jobs pause none", "jobs stop none",
                "jobs retry none", "jobs remove none", "jobs throttle none --write-units 5",
                "jobs pause done", "jobs resume done", "jobs throttle done --write-units 5",
                "jobs resume half", "jobs stop half", "jobs status done --state-dir nowhere",
                "copy orders full --merge --job done", "copy orders done",
                "copy orders half --job half --endpoint $PROXY --segments 7",
                "copy orders half --job half --endpoint $PROXY --progress none",
                "copy orders half --job half --progress none --write-units 5 --set 'a = 1'",
                "copy orders half2 --endpoint $PROXY --progress none"
                    + " --set \"note = hash(accountId)\" --secret-file secret2",
                "copy orders half2 --job other --endpoint $PROXY --progress none",
            ])
    ]
}
