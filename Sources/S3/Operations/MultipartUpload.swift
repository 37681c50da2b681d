import AWS
import System

extension TargetBucket {
    /// Finds out whether objects could be put below a prefix, encrypted as the options say, and
    /// leaves nothing behind: an upload of several parts is begun and given up. (API reference,
    /// CreateMultipartUpload, AbortMultipartUpload: they need the rights of PutObject and of the
    /// key of KMS.)
    package func probeWriting(prefix: String) async throws(AWSError) {
        let key = prefix + "dynaferry-probe"
        var begin = BucketCall(.createMultipartUpload, .post, key: key)
        begin.query = [("uploads", "")]
        // The options' headers of what is put come with it.
        begin.body = ByteBuffer()
        begin.content = .document("InitiateMultipartUploadResult")
        let call = begin
        let reply = try await client.client.call(.createMultipartUpload) { limit in
            await client.attempt(call, bytesMax: Self.uploadBytesMax, within: limit)
        }
        guard let id = reply.document?.text(of: "UploadId"), !id.isEmpty else {
            throw AWSError(absurd: .createMultipartUpload, "UploadId is missing")
        }
        var end = BucketCall(.abortMultipartUpload, .delete, key: key)
        end.query = [("uploadId", id)]
        let abort = end
        do throws(AWSError) {
            _ = try await client.client.call(.abortMultipartUpload) { limit in
                await client.attempt(abort, bytesMax: Self.uploadBytesMax, within: limit)
            }
        } catch {
            // An attempt before may have ended it.
            guard error.code == "NoSuchUpload" else { throw error }
        }
    }

    private static let uploadBytesMax = 64 << 10
}

extension Operation {
    static let createMultipartUpload = Operation(
        s3: "CreateMultipartUpload", right: "PutObject", mutates: true)
    static let abortMultipartUpload = Operation(s3: "AbortMultipartUpload", mutates: true)
}
