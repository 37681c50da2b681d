import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// What the service says of requests for exports that it does not accept.
@Suite(.timeLimit(.minutes(20))) struct ExportRefusalTests {
    /// A request that is refused, and how.
    private struct Refusal {
        let request: JSON
        let error: String
        let words: String

        init(_ error: String, _ words: String, _ request: JSON) {
            self.request = request
            self.error = error
            self.words = words
        }
    }

    private static let invalid = "ValidationException"

    private static func constraint(_ value: String, _ member: String) -> String {
        "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy "
            + "constraint: Member must "
    }

    private static let arns = [
        Refusal(invalid, "tableArn is not a valid ARN", ["TableArn": "orders"]),
        Refusal(
            invalid, "Invalid Request: Table ARN is invalid.",
            ["TableArn": .string(ExportSite.arn + "/index/by-v")]),
        Refusal(
            "AccessDeniedException", "Access is denied",
            ["TableArn": "arn:aws:dynamodb:us-east-1:111111111111:table/orders"]),
        Refusal(
            "TableNotFoundException",
            "Table not found: arn:aws:dynamodb:us-west-2:000000000000:table/orders",
            ["TableArn": "arn:aws:dynamodb:us-west-2:000000000000:table/orders"]),
        Refusal(
            "TableNotFoundException", "Table not found: \(ExportSite.arn)2",
            ["TableArn": .string(ExportSite.arn + "2")]),
    ]

    private static let members = [
        Refusal(
            invalid, constraint("arn:aws:s3:::things", "s3Bucket"),
            ["S3Bucket": "arn:aws:s3:::things"]),
        Refusal(invalid, constraint("", "s3Bucket"), ["S3Bucket": ""]),
        Refusal(invalid, constraint("", "s3Prefix"), ["S3Prefix": ""]),
        Refusal(invalid, constraint("", "clientToken"), ["ClientToken": ""]),
        Refusal(invalid, constraint("a$b", "clientToken"), ["ClientToken": "a$b"]),
        Refusal(invalid, constraint("me", "s3BucketOwner"), ["S3BucketOwner": "me"]),
        Refusal(invalid, constraint("CSV", "exportFormat"), ["ExportFormat": "CSV"]),
        Refusal(invalid, constraint("PARTIAL", "exportType"), ["ExportType": "PARTIAL"]),
        Refusal(invalid, constraint("aws:kms", "s3SseAlgorithm"), ["S3SseAlgorithm": "aws:kms"]),
        Refusal(
            invalid, "Invalid Request: KMS Key Id is not supported for this encryption type",
            ["S3SseKmsKeyId": "alias/mine"]),
        Refusal(
            invalid, "Invalid Request: KMS Key Id is not supported for this encryption type",
            ["S3SseKmsKeyId": "alias/mine", "S3SseAlgorithm": "AES256"]),
        Refusal(
            invalid, constraint("not a key", "s3SseKmsKeyId"),
            ["S3SseKmsKeyId": "not a key", "S3SseAlgorithm": "KMS"]),
        Refusal("SerializationException", "", ["ExportTime": "yesterday"]),
    ]

    private static let couplings = [
        Refusal(
            invalid, "Export Type expected to be Incremental Export when incremental export",
            ["IncrementalExportSpecification": ["ExportFromTime": 1]]),
        Refusal(
            invalid, "When Export Type is Full Export , Incremental Export Specification",
            [
                "IncrementalExportSpecification": ["ExportFromTime": 1],
                "ExportType": "FULL_EXPORT",
            ]),
        Refusal(
            invalid, "Incremental Export Specification expected when export type is set",
            ["ExportType": "INCREMENTAL_EXPORT"]),
        Refusal(
            invalid, "ExportFromTime must be provided in IncrementalExportSpecification",
            ["ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": [:]]),
        Refusal(
            invalid,
            constraint("NEW_IMAGES", "incrementalExportSpecification.exportViewType"),
            ExportSite.window(1, 2, "NEW_IMAGES")),
    ]

    private func check(_ refusals: [Refusal], _ site: ExportSite) throws {
        for refusal in refusals {
            let reply = try site.export(refusal.request)
            #expect(reply.status == 400, "\(refusal.request.text)")
            #expect(reply.error == refusal.error, "\(refusal.request.text): \(reply.text)")
            #expect(
                refusal.words.isEmpty || reply.message.contains(refusal.words),
                "\(refusal.request.text): \(reply.message)")
        }
    }

    @Test func `ARNs, members and their couplings are checked at once`() throws {
        try ExportSite.with { site in
            try check(Self.arns + Self.members + Self.couplings, site)
            let missing = try site.client.call(
                "ExportTableToPointInTime", ["TableArn": .string(ExportSite.arn)])
            #expect(missing.message.contains("Value null at 's3Bucket'"))
            #expect(site.server.keys(in: "things").isEmpty)
            #expect(site.server.meter["exports"] == [:])
        }
    }

    @Test func `without recovery nothing is exported, whatever the bucket`() throws {
        try ExportSite.with { site in
            try site.setRecovery(false)
            let words = "Point in time recovery is not enabled for table 'orders'"
            let name = "PointInTimeRecoveryUnavailableException"
            try check(
                [
                    Refusal(name, words, [:]), Refusal(name, words, ["S3Bucket": "none-such"]),
                    Refusal(name, words, ExportSite.window(site.now, nil)),
                    Refusal(
                        "InvalidExportTimeException", "less than the table creation time",
                        ExportSite.window(site.now - 60, nil)),
                ], site)
        }
    }

    @Test func `times outside of what can be restored are refused`() throws {
        try ExportSite.with { site in
            let (start, name) = (site.now - 1, "InvalidExportTimeException")
            site.time.advance(by: .seconds(400))
            let unavailable = "Point in Time Recovery is not available for specified export time"
            try check(
                [
                    Refusal(name, "Export Time is invalid", ["ExportTime": JSON(site.now + 5)]),
                    Refusal(name, "Export Time is invalid", ["ExportTime": JSON(start - 1)]),
                    Refusal(name, unavailable, ["ExportTime": JSON(site.now - 1)]),
                    Refusal(name, unavailable, ["ExportTime": JSON(site.now - 299)]),
                ], site)
            for time in [start, site.now - 300] {
                #expect(try site.export(["ExportTime": JSON(time)]).status == 200)
            }
            try site.setRecovery(false)
            try site.setRecovery(true)
            try check([Refusal(name, "invalid", ["ExportTime": JSON(site.now - 300)])], site)
            #expect(try site.export(["ExportTime": JSON(site.now)]).status == 200)
        }
    }

    @Test func `windows are from 15 minutes to 24 hours long, and never ahead`() throws {
        try ExportSite.with { site in
            let (start, name) = (site.now - 1, "InvalidExportTimeException")
            let short =
                "Difference between export period from time and export period to time is "
                + "less than 15 minutes"
            site.time.advance(by: .seconds(898))
            try check([Refusal(name, short, ExportSite.window(start, nil))], site)
            site.time.advance(by: .seconds(1))
            #expect(try site.export(ExportSite.window(start, nil)).status == 200)
            site.time.advance(by: .seconds(100_000))
            try check(
                [
                    Refusal(
                        name, "less than the table creation time : 2026-11-18T11:06:39Z",
                        ExportSite.window(start - 1, start + 1_000)),
                    Refusal(
                        name,
                        "to time cannot be greater than the current time : 2026-11-19T15:08:21Z",
                        ExportSite.window(site.now - 1_000, site.now + 1)),
                    Refusal(name, short, ExportSite.window(start, start + 899)),
                    Refusal(name, short, ExportSite.window(start + 1_000, start)),
                    Refusal(name, "24 hours", ExportSite.window(start, start + 86_401)),
                ], site)
            for end in [start + 900, start + 86_400] {
                #expect(try site.export(ExportSite.window(start, end)).status == 200)
            }
            site.time.advance(by: .seconds(35 * 86_400))
            try check(
                [Refusal(name, "not available", ExportSite.window(start, start + 900))], site)
        }
    }

    @Test func `too many calls are throttled where the server models capacity`() throws {
        let configure = { (options: inout ServerOptions) in options.capacity = .model }
        try ExportSite.with(options: configure) { site in
            for _ in 0..<20 { #expect(try site.export(["TableArn": "x"]).error == Self.invalid) }
            for _ in 0..<2 {
                let reply = try site.export()
                #expect(reply.error == "ThrottlingException" && reply.status == 400)
                #expect(reply.message == "Rate exceeded")
                site.time.advance(by: .seconds(1))
            }
            #expect(try site.export().status == 200)
        }
        try ExportSite.with { site in
            for _ in 0..<40 {
                let reply = try site.export(["TableArn": "x"])
                #expect(reply.error == Self.invalid)
            }
        }
    }

    @Test func `what is no export is not described`() throws {
        try ExportSite.with { site in
            let refusals: [(String, String, String)] = [
                ("short", Self.invalid, "Member must have length greater than or equal to 37"),
                (String(repeating: "x", count: 40), Self.invalid, "Invalid Export ARN"),
                (ExportSite.arn, Self.invalid, "Invalid Export ARN"),
                (ExportSite.arn + "/import/0179", Self.invalid, "Invalid Export ARN"),
                (
                    ExportSite.arn + "/export/0179", "ExportNotFoundException",
                    "Export not found: Export not found: \(ExportSite.arn)/export/0179"
                ),
                (
                    "arn:aws:dynamodb:us-west-2:000000000000:table/orders/export/0179",
                    "ExportNotFoundException", "Export not found: Invalid export arn"
                ),
                (
                    "arn:aws:dynamodb:us-east-1:111111111111:table/orders/export/0179",
                    "AccessDeniedException", "Access is denied"
                ),
            ]
            for (arn, error, words) in refusals {
                let reply = try site.client.call("DescribeExport", ["ExportArn": .string(arn)])
                #expect(reply.error == error, "\(arn)")
                #expect(reply.message.contains(words), "\(reply.message)")
            }
        }
    }
}
