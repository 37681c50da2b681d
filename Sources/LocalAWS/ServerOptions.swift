import HTTPServer
import Pacing

/// What an embedded server is to be like. The defaults are for tests and demos on one machine.
package struct ServerOptions: Sendable {
    package enum Capacity: String, CaseIterable, Sendable {
        case unlimited
        /// Charged and refused by the service's rules.
        case model
    }

    /// A user's key.
    package struct Credentials: Equatable, Sendable {
        package var accessKey: String
        package var secret: String

        package init(accessKey: String, secret: String) {
            self.accessKey = accessKey
            self.secret = secret
        }

        /// Reads `KEY:SECRET`. The text is not repeated in the error: it holds the secret.
        package init(parsing text: String) throws(ServerError) {
            guard let (accessKey, secret) = text.halves else {
                throw ServerError(
                    "the signature's credentials are not KEY:SECRET",
                    hint: "an access key id and its secret")
            }
            self.init(accessKey: accessKey, secret: secret)
        }
    }

    /// An IPv4 or IPv6 address, or `localhost`.
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port: UInt16 = 0
    /// Of ARNs.
    package var region = "us-east-1"
    /// Of all that is drawn: faults, identifiers, generated items.
    package var seed: UInt64 = 1
    /// Of tables' ids; nil: ``seed``. Two servers of one seed give their tables the same ids.
    package var idSeed: UInt64?
    package var faults: FaultPlan?
    /// Faults by script, before those of the plan.
    package var hook: RequestHook?
    /// The same for S3.
    package var s3Hook: S3Hook?
    /// The folder that S3's buckets are in; nil keeps them in memory.
    package var s3Folder: String?
    /// Buckets that are there from the start.
    package var buckets: [BucketSetting] = []
    package var capacity = Capacity.unlimited
    /// Seconds of unused units that each partition may save.
    package var burstSeconds = 300.0
    /// Capacity time runs this many times faster than the wall.
    package var timeScale = 1.0
    /// Equal hash ranges of a table; nil for as many as its throughput needs.
    package var partitions: Int?
    /// Report counts as they are, not as they were when the table was filled.
    package var liveCounts = false
    /// Store numbers as they were sent.
    package var keepNumbers = false
    package var tls: TLSFiles?
    package var requireSignature: Credentials?
    /// Users beside that one. When there is any, no other signature is accepted.
    package var access: [AccessRule] = []
    /// Operations, by name, that the server is to lack.
    package var without: Set<String> = []
    /// Tables on which every call that would change them is refused and counted.
    package var denyWrites: Set<String> = []
    package var fills: [Fill] = []
    /// Tables that are there from the start have point-in-time recovery.
    package var recovery = false
    /// Event loops, each a thread.
    package var threads = 2
    /// How long a table is CREATING, UPDATING or DELETING, and whatever else takes a while.
    package var phaseDuration = Duration.milliseconds(20)
    /// How long an export takes; nil for as long as what else takes a while.
    package var exportDuration: Duration?
    /// How the first exports that are accepted fail, one for each; those after them do not.
    package var exportFailures: [ExportFailure] = []
    package var time: any TimeSource = MonotonicTime()

    package init() {}

    /// Throws when a number makes no sense.
    func check() throws(ServerError) {
        let faults: [(Bool, String)] = [
            (burstSeconds >= 0, "--burst-seconds must not be negative, not \(burstSeconds)"),
            (timeScale > 0, "--time-scale must be positive, not \(timeScale)"),
            (timeScale <= 1e6, "--time-scale must be at most 1000000, not \(timeScale)"),
            (
                unknownOperations.isEmpty,
                "there is no operation \(unknownOperations.joined(separator: ", "))"
            ),
            ((1...64).contains(threads), "there must be 1 to 64 threads, not \(threads)"),
            (
                buckets.allSatisfy { BucketName.isValid($0.name) },
                "S3 has no such names of buckets: "
                    + buckets.map(\.name).filter { !BucketName.isValid($0) }.joined(separator: ", ")
            ),
            (
                (1...10_000).contains(partitions ?? 1),
                "--partitions must be from 1 to 10000, not \(partitions ?? 1)"
            ),
        ]
        for (isGood, message) in faults where !isGood { throw ServerError(message) }
    }

    /// Whether the server can be reached from this machine alone.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// What a person must know when it is not; nil when it is.
    package var exposureWarning: String? {
        guard !isLoopback else { return nil }
        let isOpen = users.isEmpty
        let access = isOpen ? "anyone who reaches it" : "anyone with the key"
        let privacy = tls == nil ? ", and its traffic is not encrypted" : ""
        return "the server listens on \(host), not on loopback: \(access) can read and change its "
            + "tables and objects\(privacy)"
    }
}
