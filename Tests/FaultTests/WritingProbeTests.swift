import JSON
import LocalAWS
import TestSupport
import Testing

/// Goal: whether DynamoDB could write into a bucket is found out whatever becomes of the requests
/// that find it out, and an export that is asked for is whole.
/// Method: the first request of each kind meets each fault of ``FilesSweepTests`` that does not
/// take a minute.
@Suite(.timeLimit(.minutes(20))) struct WritingProbeTests {
    private static let operations = ["CreateMultipartUpload", "AbortMultipartUpload"]

    @Test(
        arguments: operations, FilesSweepTests.Case.all.filter { $0.testDescription != "stalled" })
    func `a fault of the probe passes, or ends with its reason before anything is asked for`(
        operation: String, swept: FilesSweepTests.Case
    ) throws {
        let site = try TrustSite { options in
            options.buckets = [BucketSetting("dumps")]
            options.s3Hook = {
                $0.operation == operation && $0.number == 0 ? swept.fault : nil
            }
        }
        try site.load("source", TrustSite.items(0..<12))
        try site.call(
            "UpdateContinuousBackups",
            [
                "TableName": "source",
                "PointInTimeRecoverySpecification": ["PointInTimeRecoveryEnabled": true],
            ])
        let command = ["copy", "source", "s3://dumps/x/", "--snapshot", "--poll-interval", "10ms"]
        let first = try site.run(command)
        if first.status != 0 {
            #expect(first.status == 1 && !swept.isPassing, "\(first)")
            #expect(first.err.contains("can't write to s3://dumps/x/"), "\(first)")
            #expect(!site.server.keys(in: "dumps").contains { $0.hasSuffix("_started") })
            let again = try site.run(command)
            #expect(again.status == 0, "\(again)")
        }
        let keys = site.server.keys(in: "dumps")
        #expect(keys.count { $0.hasSuffix("manifest-summary.json") } == 1, "\(keys)")
        #expect(keys.allSatisfy { !$0.contains("probe") }, "\(keys)")
    }
}
