import AWS
import Connectors
import DynamoDB
import DynamoModel
import JSON

extension KeyList {
    /// Looks at all keys, and for the first in the table: that it may be read is found out before
    /// anything is written.
    func firstRead(
        _ table: SourceTable, _ schema: KeySchema
    ) async throws(CopyRefusal) -> FirstRead {
        let key: JSON
        do throws(Failure) {
            key = try check(schema)
        } catch {
            throw CopyRefusal("--keys: \(error.message)", hint: "each line has the key of one item")
        }
        let request: JSON = ["RequestItems": .object([JSON.Member(table.name, ["Keys": [key]])])]
        do throws(AWSError) {
            _ = try await table.reader.call(.batchGetItem, request)
        } catch {
            throw CopyRefusal(error, side: "source", table.reader.endpoint)
        }
        var first = FirstRead(segments: blockCount)
        first.itemsListed = count
        return first
    }
}
