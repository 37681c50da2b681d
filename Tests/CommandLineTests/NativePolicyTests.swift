import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// Goal: what `plan --iam` prints is enough for each of DynamoDB's own ways, and none of the rights
/// of these ways can be left out.
/// Method: both sides have keys that may do what is printed and nothing else; then one right less.
@Suite(.timeLimit(.minutes(20))) struct NativePolicyTests {
    struct Way: CustomTestStringConvertible, Sendable {
        let line: String
        /// What is there before: an export, or a target.
        var preparations: [String] = []
        /// Rights of DynamoDB's own ways without which it must fail.
        let ofSource: [String]
        let ofTarget: [String]

        var testDescription: String { line }
    }

    private static let exporting = [
        "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeExport",
        "dynamodb:ExportTableToPointInTime", "s3:AbortMultipartUpload", "s3:PutObject",
    ]
    private static let exported = ["copy orders s3://dumps/x/ --snapshot"]

    static let ways = [
        Way(
            line: "orders s3://dumps/x/ --snapshot", ofSource: exporting,
            ofTarget: ["s3:ListBucket", "s3:PutObject"]),
        Way(
            line: "s3://dumps/x/ orders-new --load import-table", preparations: exported,
            ofSource: ["s3:GetObject", "s3:ListBucket"],
            ofTarget: [
                "dynamodb:DescribeImport", "dynamodb:ImportTable", "s3:GetObject", "s3:ListBucket",
            ]),
        Way(
            line: "s3://dumps/x/ orders-new --load bulk-put", preparations: exported,
            ofSource: ["s3:GetObject", "s3:ListBucket"],
            ofTarget: [
                "dynamodb:CreateTable", "dynamodb:DescribeBulkOperation",
                "dynamodb:StartBulkPutItems", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
            ]),
        Way(
            line: "s3://dumps/x/ orders-new --load bulk-put --data-only",
            preparations: exported + ["copy orders orders-new --schema-only"], ofSource: [],
            ofTarget: ["dynamodb:Scan", "dynamodb:StartBulkPutItems"]),
        Way(
            line: "s3://dumps/x/ orders-new --load import-table --verify",
            preparations: exported, ofSource: [], ofTarget: ["dynamodb:Scan"]),
        Way(
            line: "orders orders-new --via s3://dumps/v/ --via-cleanup", ofSource: [],
            ofTarget: ["dynamodb:Scan", "s3:DeleteObject", "s3:GetObject"]),
        Way(
            line: "orders orders-new --via s3://dumps/v/",
            ofSource: exporting + ["s3:GetObject", "s3:ListBucket"],
            ofTarget: ["dynamodb:DescribeImport", "dynamodb:ImportTable", "s3:GetObject"]),
        Way(
            line: "orders orders-new --via s3://dumps/v/ --load bulk-put", ofSource: exporting,
            ofTarget: ["dynamodb:StartBulkPutItems", "dynamodb:CreateTable"]),
        Way(
            line: "orders orders-new --via s3://dumps/v/ --merge --verify",
            preparations: ["copy orders orders-new"], ofSource: exporting,
            ofTarget: ["dynamodb:BatchWriteItem", "dynamodb:Scan"]),
    ]

    @Test(arguments: ways)
    func `a copy runs with the rights that plan names, and not with one less`(way: Way) throws {
        let policies = try Policies(way.line)
        let result = try Self.run(way, policies)
        #expect(result.status == 0, "\(result)")
        for action in way.ofSource {
            #expect(policies.source.contains(action), "source: \(action)")
            let refused = try Self.run(way, policies.without(source: action))
            #expect(refused.status == 1, "without \(action) of the source: \(refused)")
        }
        for action in way.ofTarget {
            #expect(policies.target.contains(action), "target: \(action)")
            let refused = try Self.run(way, policies.without(target: action))
            #expect(refused.status == 1, "without \(action) of the target: \(refused)")
        }
    }

    @Test func `rights are on what they are for, and no wider`() throws {
        let region = "--region cn-north-1 --sse aws:kms --sse-kms-key-id arn:aws-cn:kms:k"
        let snapshot = try Policies("orders s3://dumps/x/ --since 2026-11-28T06:00Z \(region)")
        let table = "arn:aws-cn:dynamodb:cn-north-1:*:table/orders"
        let objects = "arn:aws-cn:s3:::dumps/x/*"
        #expect(
            snapshot.resources(ofSource: "dynamodb:ExportTableToPointInTime").first == table)
        #expect(snapshot.resources(ofSource: "dynamodb:DescribeExport") == [table + "/export/*"])
        #expect(snapshot.resources(ofSource: "dynamodb:ListExports") == ["*"])
        #expect(snapshot.resources(ofSource: "s3:PutObjectAcl") == [objects])
        #expect(snapshot.resources(ofSource: "kms:GenerateDataKey") == ["arn:aws-cn:kms:k"])
        #expect(!snapshot.source.contains("dynamodb:Scan"), "\(snapshot.source)")
        #expect(!snapshot.target.contains("s3:DeleteObject"), "\(snapshot.target)")
        let load = try Policies(
            "s3://dumps/x/ new --load import-table --region cn-north-1")
        let new = "arn:aws-cn:dynamodb:cn-north-1:*:table/new"
        #expect(load.resources(ofTarget: "dynamodb:ImportTable") == [new])
        #expect(load.resources(ofTarget: "dynamodb:DescribeImport") == [new + "/import/*"])
        #expect(load.resources(ofTarget: "dynamodb:ListImports") == ["*"])
        #expect(
            load.resources(ofTarget: "logs:PutLogEvents")
                == ["arn:aws-cn:logs:cn-north-1:*:log-group:/aws-dynamodb/*"])
        #expect(load.resources(ofTarget: "s3:GetObject") == [objects])
        for action in ["CreateTable", "BatchWriteItem", "PutItem", "Scan"] {
            #expect(!load.target.contains("dynamodb:\(action)"), "\(load.target)")
        }
        let put = try Policies("s3://dumps/x/ new --load bulk-put")
        #expect(put.target.contains("dynamodb:ListBulkOperations"))
        #expect(!put.target.contains("dynamodb:BatchWriteItem"), "\(put.target)")
        let plain = try Policies("orders s3://dumps/x/")
        for action in plain.source + plain.target {
            #expect(!action.contains("Export") && !action.contains("Import"), "\(action)")
        }
    }

    private static func run(_ way: Way, _ policies: Policies) throws -> Binary.Result {
        let site = try NativeSite {
            $0.requireSignature = NativeSite.owner
            $0.access = [
                policies.rule(for: "SOURCE", policies.source),
                policies.rule(for: "TARGET", policies.target),
            ]
        }
        try site.load("orders")
        let usual = " --poll-interval 10ms --progress none --give-up-after 2s"
        for line in way.preparations {
            let result = try site.run(line + usual)
            guard result.status == 0 else { throw TestFailure("\(line): \(result)") }
        }
        return try site.run("copy \(way.line)\(usual)", source: "SOURCE", target: "TARGET")
    }
}

/// What `plan --iam` prints of both sides.
private struct Policies {
    private(set) var source: [String]
    private(set) var target: [String]
    private let json: JSON

    init(_ line: String) throws {
        let region = line.contains("--region") ? "" : " --region us-east-1"
        let result = try Binary.shell("\"$0\" plan --iam \(line)\(region)")
        guard result.status == 0 else { throw TestFailure("\(line): \(result)") }
        json = try JSON(parsing: result.out)
        source = Self.actions(json["source"])
        target = Self.actions(json["target"])
    }

    private static func actions(_ policy: JSON?) -> [String] {
        (policy?["Statement"]?.array ?? []).flatMap {
            $0["Action"]?.array?.compactMap(\.string) ?? []
        }
    }

    func resources(ofSource action: String) -> [String] { resources("source", action) }

    func resources(ofTarget action: String) -> [String] { resources("target", action) }

    private func resources(_ side: String, _ action: String) -> [String] {
        let statements = json[side]?["Statement"]?.array ?? []
        return statements.filter { $0["Action"]?.array?.contains(.string(action)) == true }
            .flatMap { $0["Resource"]?.array?.compactMap(\.string) ?? [] }
    }

    func without(source action: String) -> Policies {
        var copy = self
        copy.source.removeAll { $0 == action }
        return copy
    }

    func without(target action: String) -> Policies {
        var copy = self
        copy.target.removeAll { $0 == action }
        return copy
    }

    /// A user of the server who may do no more.
    func rule(for key: String, _ actions: [String]) -> AccessRule {
        let allowed = Set(actions.flatMap(Self.operations))
        return AccessRule(
            ServerOptions.Credentials(accessKey: key, secret: "secret"), .write,
            except: Set(ServerOptions.operationNames).subtracting(allowed))
    }

    /// What an action of IAM lets its user call.
    private static func operations(_ action: String) -> [String] {
        switch action {
        case "s3:ListBucket": ["HeadBucket", "ListObjects", "ListObjectsV2"]
        case "s3:GetObject": ["GetObject", "HeadObject"]
        case "s3:PutObject":
            ["CompleteMultipartUpload", "CreateMultipartUpload", "PutObject", "UploadPart"]
        default: [String(action.drop { $0 != ":" }.dropFirst())]
        }
    }
}
