import JSON

/// The resource policies of a table and of its stream (guide, "Resource-based policies").
struct ResourcePolicies: Sendable {
    struct Policy: Equatable, Sendable {
        let document: String
        let revision: String
    }

    /// In UTF-8, white space included (guide, "Resource-based policy considerations").
    private static let bytesMax = 20_480
    /// The revision to expect when there must be no policy yet.
    private static let none = "NO_POLICY"

    private var ofTable: Policy?
    private var ofStream: Policy?

    func policy(of resource: TableResource) -> Policy? {
        resource.streamLabel == nil ? ofTable : ofStream
    }

    /// Attaches a policy; returns its revision, which stays when the policy is the same.
    ///
    /// - Parameter revision: for a policy that is new.
    mutating func put(
        _ document: String, on resource: TableResource, expecting: String?, revision: String
    ) throws(ServiceError) -> String {
        try Self.check(document, owner: resource)
        let old = policy(of: resource)
        if let expecting, expecting != (old?.revision ?? Self.none) {
            throw Self.unexpected(expecting, old: old, table: resource.table)
        }
        if let old, old.document == document { return old.revision }
        set(Policy(document: document, revision: revision), of: resource)
        return revision
    }

    /// Takes a policy away; returns its revision, empty when there was none.
    mutating func remove(
        from resource: TableResource, expecting: String?
    ) throws(ServiceError) -> String {
        let old = policy(of: resource)
        if let expecting, expecting != old?.revision {
            throw Self.unexpected(expecting, old: old, table: resource.table)
        }
        set(nil, of: resource)
        return old?.revision ?? ""
    }

    private mutating func set(_ policy: Policy?, of resource: TableResource) {
        if resource.streamLabel == nil { ofTable = policy } else { ofStream = policy }
    }

    /// A policy's form, and that it speaks of its owner; what it allows is of no consequence here.
    private static func check(
        _ document: String, owner: TableResource
    ) throws(ServiceError) {
        guard document.utf8.count <= bytesMax else {
            throw .invalid("Maximum policy size of \(bytesMax) bytes exceeded")
        }
        guard let json = try? JSON(parsing: document), json.members != nil else {
            throw .invalid("Invalid policy document: This policy contains invalid Json")
        }
        let statements = json["Statement"]?.array ?? json["Statement"].map { [$0] } ?? []
        guard !statements.isEmpty else {
            throw .invalid(
                "Invalid policy document: Could not parse the policy: Statement is empty!")
        }
        for statement in statements {
            guard let resource = statement["Resource"] else {
                throw .invalid("Invalid policy document: Missing required field Resource")
            }
            for arn in (resource.array ?? [resource]).compactMap(\.string) {
                guard arn == "*" || arn == owner.arn || arn.hasPrefix(owner.arn + "/") else {
                    let relative = arn.split(separator: ":", maxSplits: 5).last ?? ""
                    throw .invalid(
                        "Invalid policy document: The relative-id \"\(relative)\" is invalid for "
                            + "ARN \"\(arn)\"")
                }
            }
        }
    }

    static func notFound(_ detail: String) -> ServiceError {
        ServiceError(
            namespace: .service, name: "PolicyNotFoundException",
            message: "Resource-based policy not found for the provided ResourceArn: \(detail)")
    }

    private static func unexpected(
        _ expected: String, old: Policy?, table: String
    ) -> ServiceError {
        guard let old else {
            return notFound(
                "Requested update for policy with revision id \(expected), but no policy is "
                    + "associated to target table \(table).")
        }
        guard expected != none else {
            return notFound(
                "Requested policy update expecting none to be present for table \(table), but a "
                    + "policy exists with revision id \(old.revision).")
        }
        return notFound(
            "Requested update for policy with revision id \(expected), but the policy associated "
                + "to target table \(table) has revision id \(old.revision).")
    }
}
