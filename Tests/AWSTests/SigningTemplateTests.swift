import Foundation
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import AWS

/// A random request to sign, as any of the three signers takes it.
private struct Sample {
    var credentials: Credentials
    var host: String
    var region: String
    var target: String
    var time: UTCTime
    var body: [UInt8]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func word(_ lengths: ClosedRange<Int>, _ letters: String) -> String {
            let count = Int.random(in: lengths, using: &generator)
            let letters = Array(letters)
            return String((0..<count).map { _ in letters.randomElement(using: &generator)! })
        }
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let isTemporary = Bool.random(using: &generator)
        credentials = Credentials(
            accessKeyID: word(16...128, letters), secretAccessKey: word(1...90, letters + "/+"),
            sessionToken: isTemporary ? word(1...1_000, letters + "/+=") : nil)
        region = ["us-east-1", "cn-north-1", "eu-central-2", "x"].randomElement(using: &generator)!
        host = ["dynamodb.\(region).amazonaws.com", "127.0.0.1:8000", "[::1]:1"]
            .randomElement(using: &generator)!
        target = Operation.all.randomElement(using: &generator)!.target
        // 1970 to 2105, midnights more often than by chance.
        let seconds = Int.random(in: 0..<4_260_000_000, using: &generator)
        let atMidnight = Int.random(in: 0..<8, using: &generator) == 0
        time = UTCTime(secondsSinceEpoch: atMidnight ? seconds / 86_400 * 86_400 : seconds)
        let length = Int.random(in: 0...3_000, using: &generator)
        body = (0..<length).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
    }

    var template: SigningTemplate {
        SigningTemplate(
            .init(
                host: host, region: region, service: .dynamoDB, target: target,
                acceptEncoding: "identity"),
            credentials: credentials, day: time.day)
    }

    func general() -> Signer.Signed {
        Signer(credentials: credentials, region: region, service: "dynamodb").sign(
            .init(
                method: "POST", path: "/",
                headers: [
                    ("Content-Type", "application/x-amz-json-1.0"), ("Host", host),
                    ("X-Amz-Target", target),
                ], body: body), at: time)
    }

    func hot(_ head: SignedHead) -> [String] {
        body.withUnsafeBytes { head.sign($0, at: time) }
        return head.lines
    }
}

/// Goal: the hot path's signatures are those of SigV4.
/// Method: random requests, held against the general signer, which the vectors check, and botocore.
@Suite struct SigningTemplateTests {
    @Test func `the template signs exactly as the general signer`() {
        for seed in UInt64(1)...500 {
            let sample = Sample(seed: seed)
            let lines = sample.hot(SignedHead(sample.template))
            for header in sample.general().headers {
                #expect(lines.contains("\(header.name): \(header.value)"), "seed \(seed)")
            }
        }
    }

    @Test func `one head signs many bodies at many times of a day`() {
        var sample = Sample(seed: 7)
        let head = SignedHead(sample.template)
        let midnight = sample.time.day * 86_400
        for (step, second) in [0, 0, 1, 59, 60, 3_599, 3_600, 86_399, 5].enumerated() {
            sample.time = UTCTime(secondsSinceEpoch: midnight + second)
            sample.body = Array("body \(step)".utf8)
            let authorization = sample.general().headers.last?.value ?? ""
            #expect(sample.hot(head).contains("Authorization: \(authorization)"), "step \(step)")
        }
    }

    @Test(
        .enabled(if: Python.botocore != nil, "skipped: no python with botocore"),
        .timeLimit(.minutes(20)))
    func `the template signs exactly as botocore`() throws {
        let samples = (UInt64(1)...400).map(Sample.init)
        let input = samples.map { sample -> JSON in
            [
                "key": .string(sample.credentials.accessKeyID),
                "secret": .string(sample.credentials.secretAccessKey),
                "token": sample.credentials.sessionToken.map(JSON.string) ?? .null,
                "host": .string(sample.host), "region": .string(sample.region),
                "target": .string(sample.target), "time": JSON(sample.time.secondsSinceEpoch),
                "body": .string(String(decoding: sample.body, as: UTF8.self)),
            ]
        }
        let output = try Python.run(Self.script, input: JSON.array(input).text)
        let expected = try #require(try JSON(parsing: output).array)
        #expect(expected.count == samples.count)
        for (sample, authorization) in zip(samples, expected) {
            let text = try #require(authorization.string)
            #expect(
                sample.hot(SignedHead(sample.template)).contains("Authorization: \(text)"),
                "\(sample)")
        }
    }

    private static let script = """
        import datetime, json, sys
        import botocore.auth, botocore.awsrequest, botocore.credentials
        def sign(r):
            then = datetime.datetime.fromtimestamp(r['time'], datetime.timezone.utc)
            class Fixed(datetime.datetime):
                @classmethod
                def utcnow(cls): return then.replace(tzinfo=None)
                @classmethod
                def now(cls, tz=None): return then
            botocore.auth.datetime = type(sys)('datetime')
            botocore.auth.datetime.datetime = Fixed
            botocore.auth.datetime.timezone = datetime.timezone
            botocore.auth.get_current_datetime = lambda *a, **k: then.replace(tzinfo=None)
            request = botocore.awsrequest.AWSRequest(
                method='POST', url='http://%s/' % r['host'], data=r['body'].encode(),
                headers={'Content-Type': 'application/x-amz-json-1.0', 'Host': r['host'],
                         'X-Amz-Target': r['target']})
            credentials = botocore.credentials.Credentials(r['key'], r['secret'], r['token'])
            botocore.auth.SigV4Auth(credentials, 'dynamodb', r['region']).add_auth(request)
            return request.headers['Authorization']
        json.dump([sign(r) for r in json.load(sys.stdin)], sys.stdout)
        """
}

@Suite struct CryptoTests {
    @Test func `HMAC agrees with RFC 4231`() {
        let key = [UInt8](repeating: 0x0B, count: 20)
        #expect(
            Hex.text(HMACKey(key).authenticate(Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let long = [UInt8](repeating: 0xAA, count: 131)
        let message = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(
            Hex.text(HMACKey(long).authenticate(Array(message.utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func `dates are read and written as the calendar has them`() {
        for (seconds, text) in [
            (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"), (1_709_164_800, "20240229T000000Z"),
            (1_763_635_000, "20251120T103640Z"), (4_107_542_400, "21000301T000000Z"),
        ] {
            let time = UTCTime(secondsSinceEpoch: seconds)
            #expect(String(decoding: time.basicFormat, as: UTF8.self) == text)
        }
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        Array(date.utf8).withUnsafeBytes {
            #expect(UTCTime(httpDate: $0)?.secondsSinceEpoch == 784_111_777)
        }
        for bad in ["Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Foo 1994 08:49:37 GMT", "yesterday"] {
            Array(bad.utf8).withUnsafeBytes { #expect(UTCTime(httpDate: $0) == nil) }
        }
    }
}
