import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// Settings of a table that operations of their own tell and change.
@Suite(.timeLimit(.minutes(20))) struct TableExtrasTests {
    private func withTable(
        creation: JSON = Orders.creation,
        _ body: (_ table: TableClient, _ wait: () -> Void) throws -> Void
    ) throws {
        let time = ManualTime()
        var options = ServerOptions.with { $0.time = time }
        options.phaseDuration = .seconds(2)
        try withOrders(options, creation: creation) { client, _ in
            try body(TableClient(client: client)) { time.advance(by: .seconds(1)) }
        }
    }

    @Test func `continuous backups come after the table, recovery when it is asked for`() throws {
        try withTable { table, wait in
            func update(_ isOn: Bool, days: Int? = nil) throws -> RawClient.Reply {
                var specification: JSON = ["PointInTimeRecoveryEnabled": .bool(isOn)]
                specification["RecoveryPeriodInDays"] = days.map { JSON($0) }
                return try table.call(
                    "UpdateContinuousBackups",
                    ["PointInTimeRecoverySpecification": specification])
            }
            func describe() throws -> JSON? {
                try table.call("DescribeContinuousBackups", [:])
                    .json?["ContinuousBackupsDescription"]
            }
            wait()
            wait()
            #expect(try describe()?["ContinuousBackupsStatus"]?.string == "DISABLED")
            #expect(try update(true).error == "ContinuousBackupsUnavailableException")
            wait()
            #expect(try describe()?["ContinuousBackupsStatus"]?.string == "ENABLED")
            #expect(
                try describe()?["PointInTimeRecoveryDescription"]
                    == ["PointInTimeRecoveryStatus": "DISABLED"])
            #expect(try update(true, days: 36).message.contains("less than or equal to 35"))
            #expect(try update(false, days: 3).message.contains("Cannot specify"))
            #expect(try update(true, days: 7).status == 200)
            #expect(try update(true).status == 200)
            let recovery = try describe()?["PointInTimeRecoveryDescription"]
            #expect(recovery?["PointInTimeRecoveryStatus"]?.string == "ENABLED")
            #expect(recovery?["RecoveryPeriodInDays"]?.int == 7)
            #expect(recovery?["EarliestRestorableDateTime"]?.double != nil)
            #expect(try update(false).status == 200)
            #expect(try update(true).status == 200)
            #expect(
                try describe()?["PointInTimeRecoveryDescription"]?["RecoveryPeriodInDays"]?.int
                    == 35)
            let missing = try table.client.call(
                "DescribeContinuousBackups", ["TableName": "none-such"])
            #expect(missing.error == "TableNotFoundException")
        }
    }

    @Test func `insights are of the table and of each index, and listed while they are on`() throws
    {
        var creation = Orders.creation
        creation["GlobalSecondaryIndexes"] = [TableClient.index("by-sk", "sk")]
        try withTable(creation: creation) { table, wait in
            func update(_ action: JSON, _ more: JSON = [:]) throws -> RawClient.Reply {
                var body = more
                body["ContributorInsightsAction"] = action
                return try table.call("UpdateContributorInsights", body)
            }
            func describe(_ more: JSON = [:]) throws -> JSON? {
                try table.call("DescribeContributorInsights", more).json
            }
            func listed() throws -> [JSON] {
                try table.call("ListContributorInsights", ["MaxResults": 10])
                    .json?["ContributorInsightsSummaries"]?.array ?? []
            }
            #expect(try update("ENABLE").message.contains("TableStatus must be ACTIVE"))
            wait()
            wait()
            #expect(
                try describe()
                    == ["TableName": "orders", "ContributorInsightsStatus": "DISABLED"])
            #expect(
                try update("ENABLE", ["ContributorInsightsMode": "THROTTLED_KEYS"])
                    .json?["ContributorInsightsStatus"]?.string == "ENABLING")
            let index: JSON = ["IndexName": "by-sk"]
            #expect(try update("ENABLE", index).status == 200)
            wait()
            wait()
            #expect(try describe()?["ContributorInsightsStatus"]?.string == "ENABLED")
            #expect(try describe()?["ContributorInsightsMode"]?.string == "THROTTLED_KEYS")
            #expect(try describe()?["ContributorInsightsRuleList"]?.array?.count == 2)
            #expect(
                try describe(index)?["ContributorInsightsMode"]?.string
                    == "ACCESSED_AND_THROTTLED_KEYS")
            #expect(try listed().map { $0["IndexName"]?.string } == [nil, "by-sk"])
            let page = try table.client.call("ListContributorInsights", ["MaxResults": 1]).json
            let token = try #require(page?["NextToken"])
            let rest = try table.client.call("ListContributorInsights", ["NextToken": token]).json
            #expect(rest?["ContributorInsightsSummaries"]?.array?.count == 1)
            #expect(rest?["NextToken"] == nil)
            #expect(try update("DISABLE").json?["ContributorInsightsStatus"]?.string == "DISABLING")
            wait()
            wait()
            #expect(try listed().map { $0["IndexName"]?.string } == ["by-sk"])
            #expect(
                try update("ENABLE", ["IndexName": "none"]).error == "ResourceNotFoundException")
        }
    }

    @Test func `a table streams to one Kinesis stream at a time`() throws {
        try withTable { table, wait in
            let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/"
            func call(_ verb: String, _ name: String, _ more: JSON = [:]) throws
                -> RawClient.Reply
            {
                var body = more
                body["StreamArn"] = .string(arn + name)
                return try table.call("\(verb)KinesisStreamingDestination", body)
            }
            func described() throws -> [JSON] {
                try table.call("DescribeKinesisStreamingDestination", [:])
                    .json?["KinesisDataStreamDestinations"]?.array ?? []
            }
            #expect(try call("Enable", "one").error == "ResourceInUseException")
            wait()
            wait()
            #expect(try described().isEmpty)
            let configuration: JSON = [
                "EnableKinesisStreamingConfiguration": [
                    "ApproximateCreationDateTimePrecision": "MICROSECOND"
                ]
            ]
            #expect(
                try call("Enable", "one", configuration).json?["DestinationStatus"]?.string
                    == "ENABLING")
            #expect(try call("Disable", "one").message.contains("must be ACTIVE"))
            wait()
            wait()
            #expect(
                try described() == [
                    [
                        "StreamArn": .string(arn + "one"), "DestinationStatus": "ACTIVE",
                        "ApproximateCreationDateTimePrecision": "MICROSECOND",
                    ]
                ])
            #expect(try call("Enable", "two").message.contains("must be DISABLED"))
            #expect(try call("Disable", "one").status == 200)
            wait()
            wait()
            #expect(try described().first?["DestinationStatus"]?.string == "DISABLED")
            let elsewhere = try table.call(
                "EnableKinesisStreamingDestination",
                ["StreamArn": "arn:aws:kinesis:eu-west-1:000000000000:stream/x"])
            #expect(elsewhere.error == "ValidationException")
        }
    }

    @Test func `limits and endpoints are told`() throws {
        try withTable { table, _ in
            let limits = try table.client.call("DescribeLimits", [:]).json
            #expect(limits?["TableMaxWriteCapacityUnits"]?.int == 40_000)
            let endpoints = try table.client.call("DescribeEndpoints", [:]).json
            #expect(
                endpoints?["Endpoints"]?.array?.first?["Address"]?.string
                    == "127.0.0.1:\(table.client.port)")
        }
    }
}
