import JSON
import TestSupport
import Testing

@testable import AWS

/// Goal: requests for a bucket go to the right host, whatever its name, region and endpoint.
/// Method: tables, and the SDKs' rules themselves through botocore.
@Suite struct StorageEndpointTests {
    private func place(_ endpoint: StorageEndpoint, _ bucket: String) -> String {
        let (address, root) = endpoint.address(of: bucket)
        return address.endpoint.url + root
    }

    @Test func `a bucket of AWS's has a host, unless its name can't be one`() throws {
        let endpoint = try StorageEndpoint(region: "eu-west-1")
        #expect(place(endpoint, "my-logs") == "https://my-logs.s3.eu-west-1.amazonaws.com")
        for name in ["my.logs", "My-logs", "my_logs", String(repeating: "a", count: 64)] {
            #expect(place(endpoint, name) == "https://s3.eu-west-1.amazonaws.com/\(name)")
        }
        let byPath = try StorageEndpoint(region: "eu-west-1", addressing: .path)
        #expect(place(byPath, "my-logs") == "https://s3.eu-west-1.amazonaws.com/my-logs")
        #expect(!endpoint.isCustom && endpoint.partition == "aws")
    }

    @Test func `a bucket of a custom endpoint stands in the path, unless a host is asked for`()
        throws
    {
        let url = "http://host.example:9000"
        let byPath = try StorageEndpoint(url: url, region: "us-east-1")
        #expect(place(byPath, "logs") == "http://host.example:9000/logs")
        let byHost = try StorageEndpoint(
            url: url, region: "us-east-1", addressing: .virtualHost)
        #expect(place(byHost, "logs") == "http://logs.host.example:9000")
        #expect(place(byHost, "my.logs") == "http://host.example:9000/my.logs")
        for address in ["http://127.0.0.1:9000", "http://[::1]:9000"] {
            let endpoint = try StorageEndpoint(
                url: address, region: "us-east-1", addressing: .virtualHost)
            #expect(place(endpoint, "logs") == "\(address)/logs")
        }
        #expect(byPath.isCustom)
    }

    @Test func `a bucket moves within its partition only`() throws {
        let endpoint = try StorageEndpoint(region: "us-east-1")
        let moved = try endpoint.moved(to: "eu-south-2")
        #expect(place(moved, "logs") == "https://logs.s3.eu-south-2.amazonaws.com")
        #expect(moved.address(of: "logs").address.region == "eu-south-2")
        let error = #expect(throws: ConfigurationError.self) {
            try endpoint.moved(to: "cn-north-1")
        }
        #expect(error?.message.contains("partition aws-cn") == true)
        for region in ["", "evil.example/", "us-east-1.evil", "moon-1"] {
            #expect(throws: ConfigurationError.self) { try endpoint.moved(to: region) }
        }
        let custom = try StorageEndpoint(url: "http://127.0.0.1:9000", region: "us-east-1")
        #expect(try custom.moved(to: "moon-1").address(of: "logs").address.region == "moon-1")
        #expect(throws: ConfigurationError.self) { try custom.moved(to: "a b") }
    }

    @Test func `there are no FIPS hosts in China`() throws {
        var variant = Endpoint.Variant()
        variant.fips = true
        #expect(throws: ConfigurationError.self) {
            try StorageEndpoint(region: "cn-north-1", variant: variant)
        }
    }

    private static let rules = """
        import json, sys
        import botocore.session
        session = botocore.session.get_session()
        provider = session.create_client(
            's3', region_name='us-east-1', aws_access_key_id='a',
            aws_secret_access_key='b')._ruleset_resolver._provider
        answers = []
        loader = session.get_component('data_loader')
        for partition in loader.load_data('partitions')['partitions']:
            for region in partition['regions']:
                if region.endswith('-global'): continue
                for fips in (False, True):
                    for dual in (False, True):
                        for bucket in ('my-logs', 'my.logs', 'My_Logs'):
                            try:
                                url = provider.resolve_endpoint(
                                    Region=region, UseFIPS=fips, UseDualStack=dual, Bucket=bucket,
                                    Accelerate=False, UseArnRegion=False, ForcePathStyle=False,
                                    DisableMultiRegionAccessPoints=False,
                                    UseGlobalEndpoint=False).url
                            except Exception:
                                url = None
                            answers.append([region, fips, dual, bucket, url])
        json.dump(answers, sys.stdout)
        """

    @Test(
        .enabled(if: Python.botocore != nil, "skipped: no python with botocore"),
        .timeLimit(.minutes(20)))
    func `hosts are those of botocore's rules`() throws {
        let answers = try #require(try JSON(parsing: try Python.run(Self.rules, input: "")).array)
        #expect(answers.count > 300)
        for answer in answers {
            let parts = answer.array ?? []
            let (region, bucket) = (parts[0].string ?? "", parts[3].string ?? "")
            var variant = Endpoint.Variant()
            variant.fips = parts[1].bool == true
            variant.dualStack = parts[2].bool == true
            let endpoint = try? StorageEndpoint(region: region, variant: variant)
            #expect(endpoint.map { place($0, bucket) } == parts[4].string, "\(answer.text)")
        }
    }
}
