import CommandLine
import LocalAWS

/// What `dynaferry serve` was asked to be.
package struct ServeArguments: CommandArguments, Equatable {
    package var host = "127.0.0.1"
    /// 0 takes any free one.
    package var port = 8_000
    package var tls: TLSFiles?
    package var requiredSignature: SigningKey?
    package var access: [AccessKey] = []

    package var fills: [TableFill] = []
    package var buckets: [BucketSetting] = []
    /// nil: buckets are in memory.
    package var objectFolder: String?
    /// nil: 1, but tables have ids of their own.
    package var seed: UInt64?
    package var region = "us-east-1"
    package var keepsNumbers = false
    package var hasLiveCounts = false
    /// Tables that are filled have point-in-time recovery.
    package var hasRecovery = false

    package var capacity = CapacityMode.unlimited
    package var burstSeconds = 300
    package var timeScale = 1.0
    /// nil: as many as the capacity asks for.
    package var partitions: Int?

    package var faults: FaultPlan?
    /// How long what takes a while takes.
    package var settleMilliseconds = 20
    /// How long an export takes; nil for as long as what else takes a while.
    package var exportMilliseconds: Int?
    /// How the first exports fail, in this order.
    package var failedExports: [FailedExports] = []
    /// Operations that the server is to lack; nil for none.
    package var missingOperations: [String]?
    /// For a parent that wants the server to end with it, however it ends.
    package var exitsWithInput = false

    package init() {}
}

package enum CapacityMode: String, CaseIterable, Sendable {
    case unlimited
    case model
}

/// Where the server's certificate and its key are, both in PEM.
package struct TLSFiles: Equatable, Sendable {
    package let certificate: String
    package let key: String
}

/// Credentials that the server accepts.
package struct SigningKey: Equatable, Sendable {
    package let id: String
    package let secret: String
}

/// A key that the server accepts, and what it lets its holder do.
package struct AccessKey: Equatable, Sendable {
    package enum Level: String, CaseIterable, Sendable {
        case read
        case write
        case none
    }

    package let key: SigningKey
    package let level: Level
    /// Operations that it may not call although its level says so.
    package let exceptions: [String]
}

/// Some exports that end FAILED, by how.
package struct FailedExports: Equatable, Sendable {
    package let code: ExportFailure.Code
    package let count: Int
}

/// A table of generated items.
package struct TableFill: Equatable, Sendable {
    package enum Shape: String, CaseIterable, Sendable {
        case transactions
        case hundredBytes = "100B"
        case oneKilobyte = "1KB"
        case fourKilobytes = "4KB"
        case largest = "400KB"
        case collection
        case dense
        case letters
    }

    package let table: String
    package let items: Int
    package let shape: Shape
}
