import AWS
import DynamoModel
import JSON
import System

/// Writes the bodies of one table's Scan requests, the constant part of which it keeps.
package struct ScanRequest: Sendable {
    private let prefix: [UInt8]
    private let isSegmented: Bool

    /// - Parameters:
    ///   - segments: `TotalSegments`; start keys are good only with the same.
    ///   - countsOnly: asks how many items there are, at the same units.
    ///   - filter: what the service judges itself; with a key condition it is a Query's.
    package init(
        table: String, segments: Int, isConsistent: Bool, countsOnly: Bool = false,
        filter: ServiceFilter? = nil
    ) {
        var body: JSON = [
            "TableName": .string(table),
            "ReturnConsumedCapacity": "TOTAL",
        ]
        // One segment is the whole table, which servers can scan whose segments fail.
        isSegmented = segments > 1
        if isSegmented { body["TotalSegments"] = JSON(segments) }
        if isConsistent { body["ConsistentRead"] = true }
        if countsOnly { body["Select"] = "COUNT" }
        for member in filter?.members ?? [] { body[member.name] = member.value }
        prefix = body.bytes.dropLast()
    }

    /// - Parameters:
    ///   - limit: items at most; nil for what the service puts on a page.
    ///   - startKey: the JSON of `ExclusiveStartKey`; nil at the segment's start.
    package func write(segment: Int, limit: Int?, startKey: [UInt8]?, to body: ByteBuffer) {
        body.removeAll()
        body.append(prefix)
        if isSegmented { body.append(Array(",\"Segment\":\(segment)".utf8)) }
        if let limit { body.append(Array(",\"Limit\":\(limit)".utf8)) }
        if let startKey {
            body.append(",\"ExclusiveStartKey\":")
            body.append(startKey)
        }
        body.append("}")
    }
}
