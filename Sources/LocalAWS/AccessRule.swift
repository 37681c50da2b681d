/// One user of the server: the key that its requests are signed with, and what it may do.
package struct AccessRule: Equatable, Sendable {
    package enum Level: String, CaseIterable, Sendable {
        /// Operations that change nothing.
        case read
        /// Everything.
        case write
        case none
    }

    package var credentials: ServerOptions.Credentials
    package var level: Level
    /// Operations, by name, that it may not call although its level says so.
    package var exceptions: Set<String>

    package init(
        _ credentials: ServerOptions.Credentials, _ level: Level,
        except exceptions: Set<String> = []
    ) {
        self.credentials = credentials
        self.level = level
        self.exceptions = exceptions
    }
}

extension AccessRule {
    fileprivate func allows(_ operation: String, isMutating: Bool) -> Bool {
        switch level {
        case .none: false
        case .read: !isMutating && !exceptions.contains(operation)
        case .write: !exceptions.contains(operation)
        }
    }
}

/// Who signed a request, and what it may do.
struct User {
    /// As refusals name it: not by its key.
    let name: String
    let credentials: ServerOptions.Credentials
    private let denied: Set<Operation>
    private let deniedOfS3: Set<S3Operation>
    private let deniedOfLogs: Set<LogsOperation>

    init(name: String, _ rule: AccessRule) {
        self.name = name
        credentials = rule.credentials
        denied = Set(
            Operation.allCases.filter { !rule.allows($0.rawValue, isMutating: $0.isMutating) })
        deniedOfS3 = Set(
            S3Operation.allCases.filter { !rule.allows($0.rawValue, isMutating: $0.isMutating) })
        deniedOfLogs = Set(
            LogsOperation.allCases.filter { !rule.allows($0.rawValue, isMutating: false) })
    }

    func may(_ operation: Operation) -> Bool { !denied.contains(operation) }

    func may(_ operation: S3Operation) -> Bool { !deniedOfS3.contains(operation) }

    func may(_ operation: LogsOperation) -> Bool { !deniedOfLogs.contains(operation) }

    /// What a table is created with takes permissions of its own (guide, "Tagging",
    /// "Resource-based policies").
    func check(
        _ operation: Operation, _ request: Parameters, _ tables: Tables
    ) throws(ServiceError) {
        var needed = [operation]
        if operation == .createTable {
            if request["Tags"] != nil { needed.append(.tagResource) }
            if request["ResourcePolicy"] != nil { needed.append(.putResourcePolicy) }
        }
        guard let denied = needed.first(where: { !may($0) }) else { return }
        throw .denied(
            operation: denied.rawValue,
            resource: tables.arn(of: tables.names(in: request).first ?? "*"), user: name,
            reason: .noIdentityPolicy)
    }
}

extension ServerOptions {
    /// All whose signatures are accepted; empty when any will do.
    var users: [User] {
        let owner = requireSignature.map { User(name: "local", AccessRule($0, .write)) }
        return (owner.map { [$0] } ?? [])
            + access.enumerated().map { User(name: "access-\($0 + 1)", $1) }
    }

    /// The operations that the server has, by name.
    package static var operationNames: [String] {
        Operation.allCases.map(\.rawValue) + S3Operation.allCases.map(\.rawValue)
            + LogsOperation.allCases.map(\.rawValue)
    }

    /// Names of operations in the options that the server does not know.
    package var unknownOperations: [String] {
        let named = access.reduce(without) { $0.union($1.exceptions) }
        return named.subtracting(Self.operationNames).sorted()
    }
}
