@testable import AWS

/// Operations for tests: what is declared elsewhere reads more of a reply than tests care for.
extension Operation {
    private static func reading(_ name: String, items: Bool = false) -> Operation {
        ReadOperation(
            name, items: items,
            reply: ReplyShape([.optional("ok", .flag), .optional("proxied", .flag)])
        ).operation
    }

    static let describeTable = reading("DescribeTable")
    static let describeTimeToLive = reading("DescribeTimeToLive")
    static let scan = reading("Scan", items: true)
    static let createTable = Operation(writing: "CreateTable", reply: .empty)
    static let putItem = Operation(writing: "PutItem", reply: .empty)
    static let batchWriteItem = Operation(writing: "BatchWriteItem", reply: .empty)
    static let putScalingPolicy = Operation(
        writing: "PutScalingPolicy", of: .autoScaling, reply: .empty)
    /// A reply of which two things are read.
    static let picky = ReadOperation(
        "Picky",
        reply: ReplyShape([
            .required("Table", .object([.optional("Units", .whole(0...9))])),
            .informing("Count", .whole(0...9)),
        ])
    ).operation

    static let all = [
        describeTable, describeTimeToLive, scan, createTable, putItem, batchWriteItem,
        putScalingPolicy,
    ]
}
