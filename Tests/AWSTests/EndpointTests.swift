import Foundation
import JSON
import TestSupport
import Testing

@testable import AWS

/// Goal: requests go to the right host for every region, and a mistake is told before any is sent.
/// Method: a table, taken from the SDKs' endpoint rules, and the rules themselves through botocore.
@Suite struct EndpointTests {
    private static let hosts: [(region: String, fips: Bool, dualStack: Bool, host: String)] = [
        ("us-east-1", false, false, "dynamodb.us-east-1.amazonaws.com"),
        ("us-east-1", false, true, "dynamodb.us-east-1.api.aws"),
        ("us-east-1", true, false, "dynamodb-fips.us-east-1.amazonaws.com"),
        ("us-east-1", true, true, "dynamodb-fips.us-east-1.api.aws"),
        ("ap-southeast-7", false, false, "dynamodb.ap-southeast-7.amazonaws.com"),
        ("cn-north-1", false, false, "dynamodb.cn-north-1.amazonaws.com.cn"),
        ("cn-north-1", false, true, "dynamodb.cn-north-1.api.amazonwebservices.com.cn"),
        ("us-gov-west-1", false, false, "dynamodb.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", true, false, "dynamodb.us-gov-west-1.amazonaws.com"),
        ("us-gov-west-1", true, true, "dynamodb-fips.us-gov-west-1.api.aws"),
        ("eusc-de-east-1", false, false, "dynamodb.eusc-de-east-1.amazonaws.eu"),
        ("eusc-de-east-1", true, true, "dynamodb-fips.eusc-de-east-1.api.amazonwebservices.eu"),
        ("us-iso-east-1", false, false, "dynamodb.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", false, true, "dynamodb.us-isob-east-1.api.aws.scloud"),
        ("eu-isoe-west-1", false, false, "dynamodb.eu-isoe-west-1.cloud.adc-e.uk"),
        ("us-isof-south-1", true, false, "dynamodb-fips.us-isof-south-1.csp.hci.ic.gov"),
    ]

    private func variant(fips: Bool, dualStack: Bool) -> Endpoint.Variant {
        var variant = Endpoint.Variant()
        variant.fips = fips
        variant.dualStack = dualStack
        return variant
    }

    @Test func `each region has its host`() throws {
        for row in Self.hosts {
            let variant = variant(fips: row.fips, dualStack: row.dualStack)
            let endpoint = try Endpoint(region: row.region, variant: variant)
            #expect(endpoint.host == row.host)
            #expect(endpoint.url == "https://\(row.host)" && endpoint.region == row.region)
        }
        #expect(try Endpoint(region: "cn-north-1").partition == "aws-cn")
        #expect(try Endpoint(region: "us-gov-east-1").partition == "aws-us-gov")
        #expect(try Endpoint(region: "local").url == "http://localhost:8000")
        #expect(try Endpoint(region: "local").region == "us-east-1")
    }

    @Test(
        .enabled(if: Python.botocore != nil, "skipped: no python with botocore"),
        .timeLimit(.minutes(20)))
    func `hosts are those of botocore's rules`() throws {
        let script = """
            import json, sys
            import botocore.session
            from botocore.config import Config
            session = botocore.session.get_session()
            provider = session.create_client(
                'dynamodb', region_name='us-east-1', aws_access_key_id='a',
                aws_secret_access_key='b')._ruleset_resolver._provider
            answers = []
            loader = session.get_component('data_loader')
            for partition in loader.load_data('partitions')['partitions']:
                for region in partition['regions']:
                    if region.endswith('-global'): continue
                    for fips in (False, True):
                        for dual in (False, True):
                            try:
                                url = provider.resolve_endpoint(
                                    Region=region, UseFIPS=fips, UseDualStack=dual).url
                            except Exception:
                                url = None
                            answers.append([region, fips, dual, url])
            json.dump(answers, sys.stdout)
            """
        let answers = try #require(try JSON(parsing: try Python.run(script, input: "")).array)
        #expect(answers.count > 100)
        for answer in answers {
            let parts = answer.array ?? []
            let region = parts[0].string ?? ""
            let variant = variant(fips: parts[1].bool == true, dualStack: parts[2].bool == true)
            let endpoint = try? Endpoint(region: region, variant: variant)
            // Rules may know newer dual-stack hosts than our table, or the reverse; never others.
            guard let url = parts[3].string, let endpoint else { continue }
            #expect(endpoint.url == url, "\(region) \(variant)")
        }
        let known = Set(answers.compactMap { $0.array?.first?.string })
        for region in known { #expect((try? Endpoint(region: region)) != nil, "\(region)") }
    }

    @Test(arguments: [
        "us_east_1", "moon-1", "US-EAST-1", "us-east", "us-east-", "us-east-1a", "",
        "us-east-1.evil",
        "us-east-1/", "aws-global", "eu-west-1 ", "xx-east-1", "us--1", "us-east-1234",
    ])
    func `a region that no partition has is refused`(region: String) {
        let error = #expect(throws: ConfigurationError.self) { try Endpoint(region: region) }
        #expect(error?.kind == .region && error?.hint?.contains("us-east-1") == true)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:80/", "http://localhost", "localhost"),
        ("HTTPS://Vpce-1.Example.com:443", "https://vpce-1.example.com", "vpce-1.example.com"),
        ("https://host:80", "https://host:80", "host:80"),
        ("http://[::1]:8000", "http://[::1]:8000", "[::1]:8000"),
        ("http://[fd00::2]", "http://[fd00::2]", "[fd00::2]"),
        ("http://my_host.internal:1", "http://my_host.internal:1", "my_host.internal:1"),
    ])
    func `a custom endpoint keeps its scheme, host and port`(
        text: String, url: String, host: String
    ) throws {
        let endpoint = try Endpoint(url: text, region: "moon-1")
        #expect(endpoint.url == url && endpoint.host == host && endpoint.region == "moon-1")
    }

    @Test(arguments: [
        "localhost:8000", "ftp://host", "http://", "http://:80", "http://a b", "http://host:0",
        "http://host:65536", "http://host:+80", "http://host:", "http://user:pw@host",
        "http://host/path", "http://host?x", "http://host#x", "http://host\r\nX: y", "http://[::1",
        "http://[::1]x", "http://[zz::1]", "https://ho%73t", "http://\u{202E}host",
        "http://" + String(repeating: "a", count: 300),
    ])
    func `a custom endpoint that is no plain URL is refused`(text: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try Endpoint(url: text, region: "us-east-1")
        }
        #expect(error?.kind == .endpoint && error?.hint != nil)
        #expect(error?.message.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
        #expect((error?.message.utf8.count ?? 0) < 300)
    }

    @Test func `with a custom endpoint any plain region name will do`() throws {
        for region in ["us-east-1", "moon-1", "x", "local"] {
            #expect(try Endpoint(url: "http://h", region: region).region == region)
        }
        for region in ["", "us_east_1", "A", "a/b", "a b", String(repeating: "a", count: 65)] {
            #expect(throws: ConfigurationError.self) {
                try Endpoint(url: "http://h", region: region)
            }
        }
    }

    @Test func `one address has many names`() throws {
        func endpoint(_ url: String) throws -> Endpoint {
            try Endpoint(url: url, region: "us-east-1")
        }
        let one = try endpoint("http://localhost:8000")
        for name in ["127.0.0.1", "127.1", "2130706433", "[::1]", "0x7f.1", "0.0.0.0"] {
            #expect(one.isSameAddress(as: try endpoint("http://\(name):8000")), "\(name)")
            #expect(!one.isSameAddress(as: try endpoint("http://\(name):8001")), "\(name)")
        }
        #expect(!one.isSameAddress(as: try endpoint("http://10.0.0.1:8000")))
        #expect(one.isSameAddress(as: try endpoint("http://LOCALHOST:8000/")))
    }

    @Test func `AWS's own endpoints are told from others`() throws {
        for region in ["us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"] {
            #expect(try !Endpoint(region: region).isCustom, "\(region)")
        }
        let vpc = "https://vpce-1-a.dynamodb.us-east-1.vpce.amazonaws.com"
        #expect(try !Endpoint(url: vpc, region: "us-east-1").isCustom)
        for url in ["http://127.0.0.1:8000", "https://amazonaws.com.example"] {
            #expect(try Endpoint(url: url, region: "us-east-1").isCustom, "\(url)")
        }
    }

    @Test func `loopback is told from other hosts`() {
        for host in [
            "localhost", "localhost:1", "127.0.0.1", "127.9.9.9:80", "[::1]:8", "a.localhost",
            "127.1", "0.0.0.0:8000", "2130706433", "[::ffff:127.0.0.1]:80", "[::]",
        ] {
            #expect(Endpoint.isLoopback(host), "\(host)")
        }
        for host in ["127.evil.com", "10.0.0.1", "example.com", "localhost.evil.com", "[::2]"] {
            #expect(!Endpoint.isLoopback(host), "\(host)")
        }
    }
}
