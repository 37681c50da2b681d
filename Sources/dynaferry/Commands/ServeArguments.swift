/// What `dynaferry serve` was asked to be.
package struct ServeArguments: CommandArguments, Equatable {
    package var host = "127.0.0.1"
    /// 0 takes any free one.
    package var port = 8_000
    package var tls: TLSFiles?
    package var requiredSignature: SigningKey?
    package var access: [AccessKey] = []

    package var fills: [TableFill] = []
    package var seed: UInt64 = 1
    package var keepsNumbers = false
    package var hasLiveCounts = false

    package var capacity = CapacityMode.unlimited
    package var burstSeconds = 300
    package var timeScale = 1.0
    /// nil: as many as the capacity asks for.
    package var partitions: Int?

    package var faults: FaultRates?
    /// How long what takes a while takes.
    package var settleMilliseconds = 20
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

/// How often the server misbehaves, and how slow it is.
package struct FaultRates: Equatable, Sendable {
    // Shares of all requests (of a batch's items for `unprocessed`), 0 to 1.
    package var error = 0.0
    package var throttle = 0.0
    package var unprocessed = 0.0
    /// Of the unprocessed items.
    package var respelled = 1.0
    package var drop = 0.0
    package var truncate = 0.0
    package var corrupt = 0.0
    package var latencyMilliseconds = 0.0

    package init() {}

    static let shares: [(name: String, path: WritableKeyPath<FaultRates, Double> & Sendable)] = [
        ("error", \.error), ("throttle", \.throttle), ("unprocessed", \.unprocessed),
        ("respelled", \.respelled), ("drop", \.drop), ("truncate", \.truncate),
        ("corrupt", \.corrupt),
    ]
    static let latency = "latency-ms"

    /// Reads `error=0.05,drop=0.02,latency-ms=20`; nil when it is not like that.
    package init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(
                String.init)
            guard sides.count == 2, let value = decimalNumber(sides[1]) else { return nil }
            if sides[0] == Self.latency, value <= 60_000 {
                latencyMilliseconds = value
            } else if let share = Self.shares.first(where: { $0.name == sides[0] }), value <= 1 {
                self[keyPath: share.path] = value
            } else {
                return nil
            }
        }
    }

    /// As it is given on the command line, what is as usual left out.
    package var text: String {
        let usual = FaultRates()
        var parts = Self.shares.filter { self[keyPath: $0.path] != usual[keyPath: $0.path] }
            .map { "\($0.name)=\(self[keyPath: $0.path])" }
        if latencyMilliseconds > 0 { parts.append("\(Self.latency)=\(latencyMilliseconds)") }
        return parts.joined(separator: ",")
    }
}
