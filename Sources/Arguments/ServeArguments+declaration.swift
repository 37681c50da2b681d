import CommandLine
import LocalAWS
import System

extension ServeArguments {
    package static let name = "serve"
    package static let summary = "Run a DynamoDB- and S3-compatible server in memory."

    package static let about = [
        """
        Runs a DynamoDB- and S3-compatible server for demos, tests, benchmarks and laptops \
        without an AWS account. Items and objects live in memory and are gone when it ends. It \
        behaves like the services where a copier can tell, and refuses by name what it lacks.
        """,
        """
        Once it listens it prints "listening on URL" to stdout, and in a second line the setting \
        with which AWS's own tools find its S3. It listens on loopback only unless --host says \
        otherwise, and ends on SIGINT, SIGTERM or SIGHUP.
        """,
        """
        Both services are at one address. S3 takes objects of up to 256 MiB in memory and 1 GiB \
        in a folder, at http://HOST/BUCKET/KEY or, where names resolve, http://BUCKET.localhost/KEY.
        """,
    ]

    package static let operands: [Operand<Self>] = []

    package static var options: [Option<Self>] {
        listeningOptions + contentsOptions + capacityOptions + behaviourOptions
    }

    private static var listeningOptions: [Option<Self>] {
        [
            Option(
                "--host", .host, \.host, in: .listening,
                "Address to listen on. Any but loopback lets others in, unprotected."),
            Option(
                "--port", .integer(0...65_535), \.port, in: .listening,
                "Port to listen on; 0 takes any free one."),
            Option(
                "--tls", .tlsFiles, \.tls, in: .listening, default: "plain HTTP",
                "Speak TLS with this certificate and key, both PEM files."),
            Option(
                "--require-signature", .signingKey, \.requiredSignature, in: .listening,
                default: "any signature will do",
                "Refuse requests that are not signed with this access key and secret."),
            Option(
                repeating: "--access", .accessKey, \.access, in: .listening,
                default: "any signature will do",
                """
                Accept requests that are signed with this access key and secret, and let it read, \
                write (which is everything) or do nothing, but not call the operations that \
                follow; what it may not do is answered AccessDeniedException.
                """),
            Option(
                flag: "--exit-with-stdin", \.exitsWithInput, in: .listening,
                "End when stdin is closed."
            ).hidden,
        ]
    }

    private static var contentsOptions: [Option<Self>] {
        [
            Option(
                repeating: "--fill", .tableFill, \.fills, in: .contents, default: "no tables",
                """
                Create the on-demand table NAME with so many generated items, of shape \
                \(TableFill.Shape.allCases.map(\.rawValue).formattedList(joinedBy: "or")).
                """),
            Option(
                repeating: "--bucket", .bucket, \.buckets, in: .contents, default: "no buckets",
                "Create the S3 bucket NAME, in the server's region or another."),
            Option(
                "--s3-dir", .folder, \.objectFolder, in: .contents, default: "S3 in memory",
                """
                Keep the objects of S3 in this folder, where they are found again: a bucket is a \
                folder in it, an object a file. Files that others put there are objects too.
                """),
            Option(
                "--seed", .seed, \.seed, in: .contents, default: "1, and random table ids",
                """
                Decides generated items, faults and table ids; the same seed gives the same ones.
                """),
            Option(
                "--region", .region, \.region, in: .contents,
                "Region that the server is in, which ARNs carry."),
            Option(
                flag: "--keep-numbers", \.keepsNumbers, in: .contents,
                "Keep numbers as they were sent, instead of normalising them as the service does."),
            Option(
                flag: "--live-counts", \.hasLiveCounts, in: .contents,
                "Report item counts and sizes as they are, instead of six hours old."),
            Option(
                flag: "--recovery", \.hasRecovery, in: .contents,
                "Give the tables that are filled point-in-time recovery, so that they can be"
                    + " exported."),
        ]
    }

    private static var capacityOptions: [Option<Self>] {
        [
            Option(
                "--capacity", .choice, \.capacity, in: .capacity,
                "Never throttle, or charge and throttle by the service's rules."),
            Option(
                "--burst-seconds", .integer(0...86_400), \.burstSeconds, in: .capacity,
                "Seconds of unused units that a partition saves for later."),
            Option(
                "--time-scale", .decimal(0.01...10_000, name: "K"), \.timeScale, in: .capacity,
                "Let capacity's time run K times faster than the clock."),
            Option(
                "--partitions", .integer(1...10_000, name: "P"), \.partitions, in: .capacity,
                default: "as many as the capacity asks for",
                "Cut each table into P equal partitions."),
        ]
    }

    private static var behaviourOptions: [Option<Self>] {
        [
            Option(
                "--faults", .faults, \.faults, in: .behaviour, default: "none",
                """
                Misbehave, at random by --seed: error, throttle, unprocessed, drop, truncate, \
                corrupt and others take a share from 0 to 1, latency-ms a time. Unprocessed items \
                come back in another spelling, or only a share of them by respelled. absurd puts a \
                value that makes no sense into one field of a reply. wrong-checksum gives a reply \
                the checksum of another. Of S3 alone are s3-200-error (an error in a reply of \
                200), redirect, and changed (an object gets another ETag before it is read).
                """),
            Option(
                "--settle-ms", .integer(0...86_400_000), \.settleMilliseconds, in: .behaviour,
                """
                Milliseconds for which tables, indexes and settings stay CREATING, UPDATING, \
                ENABLING and the like when they are made or changed.
                """),
            Option(
                "--export-ms", .integer(0...86_400_000), \.exportMilliseconds, in: .behaviour,
                default: "as long as --settle-ms",
                "Milliseconds for which an export of a table is IN_PROGRESS."),
            Option(
                repeating: "--fail-exports", .failedExports, \.failedExports, in: .behaviour,
                default: "none",
                """
                Let the first exports, one or so many, end FAILED with this code: \
                \(ExportFailure.Code.allCases.map(\.rawValue).formattedList(joinedBy: "or")).
                """),
            Option(
                "--without", .operations, \.missingOperations, in: .behaviour,
                default: "all that this server has",
                """
                Do not know these operations: answer them UnknownOperationException, or \
                NotImplemented where they are S3's.
                """),
        ]
    }

    package static let examples = [
        Note(
            "dynaferry serve --fill Orders=10000",
            "A table of 10,000 items on http://127.0.0.1:8000:"),
        Note(
            "dynaferry serve --port 0 --fill Orders=50000:1KB --capacity model --partitions 4",
            "Throttling as the service does, on any free port:"),
        Note(
            "dynaferry serve --access READER:one:read --access WRITER:two:write:DeleteTable",
            "Two users, of whom one may only read and the other may delete no table:"),
        Note(
            "dynaferry serve --bucket exports --s3-dir objects",
            "An S3 bucket whose objects are files in objects/exports:"),
        Note(
            "dynaferry serve --fill Orders=50000 --faults error=0.05,unprocessed=0.3,latency-ms=20",
            "A server on a bad day:"),
    ]

    package static let usual = [
        "--port", "--host", "--fill", "--bucket", "--faults", "--capacity", "--tls",
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Ended as asked, by a signal."),
        Note(.failure, "Could not listen, or could not go on."),
        Note(.usage, "Wrong usage."),
    ]

    package static let environment = [
        Note("NO_COLOR", "When set, no colours on the terminal.")
    ]

    package func validate() throws(UsageError) {
        var names: Set<String> = []
        for fill in fills where !names.insert(fill.table).inserted {
            throw UsageError(
                "--fill names the table \(fill.table) twice", hints: ["give each its own name"])
        }
        var bucketNames: Set<String> = []
        for bucket in buckets where !bucketNames.insert(bucket.name).inserted {
            throw UsageError(
                "--bucket names the bucket \(bucket.name) twice", hints: ["give it once"])
        }
        var keys = Set(requiredSignature.map { [$0.id] } ?? [])
        for (place, access) in access.enumerated() where !keys.insert(access.key.id).inserted {
            throw UsageError(
                "--access number \(place + 1) has the key of another user",
                hints: ["give each user a key of its own"])
        }
    }
}

extension ValueKind where Value == TLSFiles {
    package static var tlsFiles: Self {
        ValueKind(
            name: "CERT:KEY", expected: "two files as CERT:KEY",
            parse: { text in
                pair(text, ":").map { TLSFiles(certificate: $0.0, key: $0.1) }
            },
            show: { "\($0.certificate):\($0.key)" })
    }
}

extension ValueKind where Value == SigningKey {
    package static var signingKey: Self {
        ValueKind(
            name: "KEY:SECRET", expected: "an access key and its secret as KEY:SECRET",
            parse: { text in pair(text, ":").map { SigningKey(id: $0.0, secret: $0.1) } },
            show: { "\($0.id):\($0.secret)" }
        ).secret
    }
}

extension ValueKind where Value == AccessKey {
    package static var accessKey: Self {
        ValueKind(
            name: "KEY:SECRET:LEVEL[:OPERATIONS]",
            expected: "an access key, its secret, read, write or none and perhaps operations as "
                + "KEY:SECRET:LEVEL[:OPERATION,OPERATION]",
            parse: { text in
                let parts = text.split(separator: ":", omittingEmptySubsequences: false)
                    .map(String.init)
                guard (3...4).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
                    let level = AccessKey.Level(rawValue: parts[2]),
                    let exceptions = parts.count == 4 ? words(parts[3]) : []
                else { return nil }
                return AccessKey(
                    key: SigningKey(id: parts[0], secret: parts[1]), level: level,
                    exceptions: exceptions)
            },
            show: { access in
                ([access.key.id, access.key.secret, access.level.rawValue]
                    + (access.exceptions.isEmpty
                        ? [] : [access.exceptions.joined(separator: ",")]))
                    .joined(separator: ":")
            }
        ).secret
    }
}

extension ValueKind where Value == [String] {
    package static var operations: Self {
        ValueKind(
            name: "OPERATIONS", expected: "operations such as UpdateTimeToLive,TagResource",
            parse: words, show: { $0.joined(separator: ",") })
    }
}

/// The words between commas; nil when one is empty.
private func words(_ text: String) -> [String]? {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return words.contains("") ? nil : words
}

extension ValueKind where Value == FailedExports {
    package static var failedExports: Self {
        let codes = ExportFailure.Code.allCases.map(\.rawValue)
        return ValueKind(
            name: "CODE[:EXPORTS]",
            expected: "a code and perhaps a number of exports as CODE[:EXPORTS]",
            parse: { text in
                let parts = text.split(separator: ":", omittingEmptySubsequences: false)
                    .map(String.init)
                guard parts.count <= 2, let code = ExportFailure.Code(rawValue: parts[0]),
                    let count = parts.count == 1 ? 1 : wholeNumber(parts[1]),
                    (1...1_000).contains(count)
                else { return nil }
                return FailedExports(code: code, count: Int(count))
            },
            show: { "\($0.code.rawValue):\($0.count)" },
            advice: { _ in "the codes are \(codes.formattedList(joinedBy: "and"))" })
    }
}

extension ValueKind where Value == TableFill {
    package static var tableFill: Self {
        let shapes = TableFill.Shape.allCases.map(\.rawValue)
        return ValueKind(
            name: "NAME=ITEMS[:SHAPE]",
            expected: "a table, a number of items and perhaps a shape as NAME=ITEMS[:SHAPE]",
            parse: { text in
                guard let (name, contents) = pair(text, "="), Location.isName(name) else {
                    return nil
                }
                let parts = contents.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count <= 2, let items = wholeNumber(String(parts[0])),
                    items <= 1_000_000_000,
                    let shape = parts.count == 1
                        ? .transactions : TableFill.Shape(rawValue: String(parts[1]))
                else { return nil }
                return TableFill(table: name, items: Int(items), shape: shape)
            },
            show: { "\($0.table)=\($0.items):\($0.shape.rawValue)" },
            advice: { _ in "the shapes are \(shapes.formattedList(joinedBy: "and"))" })
    }
}

extension ValueKind where Value == BucketSetting {
    package static var bucket: Self {
        ValueKind(
            name: "NAME[:REGION]",
            expected: "a bucket and perhaps a region as NAME[:REGION]",
            parse: { text in
                let parts = text.split(separator: ":", omittingEmptySubsequences: false)
                    .map(String.init)
                guard parts.count <= 2, BucketSetting.isName(parts[0]), !parts.contains("") else {
                    return nil
                }
                return BucketSetting(parts[0], region: parts.count == 2 ? parts[1] : nil)
            },
            show: { bucket in bucket.name + (bucket.region.map { ":\($0)" } ?? "") },
            advice: { _ in
                "names of buckets have 3 to 63 small letters, digits, hyphens and dots"
            })
    }
}

extension ValueKind where Value == FaultPlan {
    package static var faults: Self {
        let names = FaultPlan.shares.map(\.name)
        return ValueKind(
            name: "FAULTS", expected: "faults such as error=0.05,drop=0.02,latency-ms=20",
            parse: { try? FaultPlan(parsing: $0) }, show: { $0.text },
            advice: { _ in
                """
                \(names.formattedList(joinedBy: "and")) take a share from 0 to 1, \
                \(FaultPlan.latencyName) up to 60,000
                """
            })
    }
}

/// Both sides of the first `separator`; nil when there is none or a side is empty.
private func pair(_ text: String, _ separator: Character) -> (String, String)? {
    guard let index = text.firstIndex(of: separator) else { return nil }
    let (left, right) = (text[..<index], text[text.index(after: index)...])
    return left.isEmpty || right.isEmpty ? nil : (String(left), String(right))
}
