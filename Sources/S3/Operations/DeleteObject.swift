import AWS
import System

extension TargetBucket {
    /// Deletes the object, or, in a bucket that keeps versions, hides it. That there is none is no
    /// error. (API reference, DeleteObject.)
    package func delete(_ key: String) async throws(AWSError) {
        let call = BucketCall(.deleteObject, .delete, key: key)
        do throws(AWSError) {
            _ = try await client.client.call(.deleteObject) { limit in
                await client.attempt(call, bytesMax: Self.deletedBytesMax, within: limit)
            }
        } catch {
            guard error.isMissing, error.code != "NoSuchBucket" else { throw error }
        }
    }

    private static let deletedBytesMax = 16_384
}

extension Operation {
    static let deleteObject = Operation(s3: "DeleteObject", mutates: true)
}
