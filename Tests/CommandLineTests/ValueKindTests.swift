import CommandLine
import Status
import Testing
import Transfer

@testable import Arguments
@testable import dynaferry

@Suite struct ValueKindTests {
    @Test func `sizes are read in units of 1,024 and of 1,000`() {
        let sizes: [(String, Int?)] = [
            ("32MiB", 33_554_432), ("64MB", 64_000_000), ("1GiB", 1_073_741_824),
            ("1048576", 1_048_576), ("1.5mib", 1_572_864), ("7B", 7), ("1TiB", 1 << 40),
            ("2TiB", nil), ("0", nil), ("", nil), ("MiB", nil), ("32M", nil), ("-1MiB", nil),
            ("1e3", nil), ("32 MiB", nil), ("1..5MiB", nil), ("inf", nil), (".5MiB", nil),
        ]
        for (text, bytes) in sizes {
            #expect(ValueKind.bytes.parse(text) == bytes, "\(text)")
        }
        #expect(ValueKind.bytes.show(32 << 20) == "32MiB")
        #expect(ValueKind.bytes.show(1_000) == "1000")
        #expect(ValueKind.bytes.advice("32M")?.contains("32MiB") == true)
    }

    @Test func `durations need a unit`() {
        let durations: [(String, Duration?)] = [
            ("15m", .seconds(900)), ("90s", .seconds(90)), ("2h", .seconds(7_200)),
            ("500ms", .milliseconds(500)), ("1.5h", .seconds(5_400)), ("1d", .seconds(86_400)),
            ("15", nil), ("0s", nil), ("m", nil), ("15min", nil), ("1000d", nil), ("-5s", nil),
        ]
        for (text, duration) in durations {
            #expect(ValueKind.duration.parse(text) == duration, "\(text)")
        }
        #expect(ValueKind.duration.show(.seconds(900)) == "15m")
        #expect(ValueKind.duration.show(.milliseconds(1_500)) == "1500ms")
        #expect(ValueKind.duration.advice("15") == "say which unit: 15s, 15m or 15h")
    }

    @Test func `units are a number or a percentage`() {
        let limits: [(String, RateSpec?)] = [
            ("500", .perSecond(500)), ("2.5", .perSecond(2.5)), ("50%", .percent(50)),
            ("100%", .percent(100)), ("0.5%", .percent(0.5)), ("101%", nil), ("0", nil),
            ("0%", nil), ("%", nil), ("-5", nil), ("5%%", nil), ("ten", nil),
        ]
        for (text, limit) in limits {
            #expect(ValueKind.units.parse(text) == limit, "\(text)")
        }
        #expect(ValueKind.units.parse(ValueKind.units.show(.percent(12.5))) == .percent(12.5))
    }

    @Test func `whole numbers keep to their range and to digits`() {
        let segments = ValueKind<Int>.integer(1...1_000_000)
        #expect(segments.parse("1000000") == 1_000_000)
        for text in ["0", "1000001", "-1", "+1", "1.0", "0x10", "", "99999999999999999999", "٣"] {
            #expect(segments.parse(text) == nil, "\(text)")
        }
        let message = #expect(throws: UsageError.self) {
            _ = try segments.read("ten", for: "--segments")
        }
        #expect(
            message?.message
                == "--segments takes a whole number from 1 to 1,000,000, not 'ten'")
        #expect(ValueKind.seed.parse("18446744073709551615") == .max)
    }

    @Test func `tables are names by the service's rules, or ARNs`() {
        let arn = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/Orders.v2"
        #expect(Location(arn)?.name == "Orders.v2")
        #expect(Location(arn)?.region == "cn-north-1")
        #expect(Location("Orders_1.a-b")?.isARN == false)
        #expect(Location("acme-*")?.isPattern == true)
        #expect(Location("*")?.isPattern == true)
        let longest = String(repeating: "a", count: 255)
        #expect(Location(longest) != nil)
        let wrong = [
            "", "ab", longest + "a", "a b c", "täble", "a b*", "arn:aws:s3:::bucket",
            "arn:aws:dynamodb:eu-west-1:12345:table/Orders",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/x",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders/index/ByDay",
            "arn:aws:dynamodb::123456789012:table/Orders",
        ]
        for text in wrong { #expect(Location(text) == nil, "\(text)") }
    }

    @Test func `endpoints are a scheme, a host and perhaps a port`() {
        let right = [
            "http://127.0.0.1:8000", "https://dynamodb.eu-west-1.amazonaws.com",
            "http://[::1]:8000", "http://localhost", "http://[::1]",
        ]
        for text in right { #expect(ValueKind.endpoint.parse(text) == text, "\(text)") }
        #expect(ValueKind.endpoint.parse("http://localhost:1/") == "http://localhost:1")
        let wrong = [
            "localhost:8000", "http://", "http://a:0", "http://a:65536", "http://a/b", "ftp://a",
            "http://user@a", "http://a?b", "http://a:", "http:// a", "http://::1:8000:",
        ]
        for text in wrong { #expect(ValueKind.endpoint.parse(text) == nil, "\(text)") }
        #expect(ValueKind.endpoint.advice("localhost:8000")?.contains("http://") == true)
    }

    @Test func `faults are shares and a latency, and read back as written`() {
        let text = "error=0.05,throttle=0.1,unprocessed=0.3,drop=0.02,latency-ms=20.0"
        #expect(ValueKind.faults.parse(text).map(ValueKind.faults.show) == text)
        for wrong in ["", "error", "error=2", "errors=0.1", "error=0.1,", "latency-ms=x"] {
            #expect(ValueKind.faults.parse(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `fills name a table, a number of items and perhaps a shape`() {
        let fill = ValueKind.tableFill.parse("Orders=50000:4KB")
        #expect(fill == TableFill(table: "Orders", items: 50_000, shape: .fourKilobytes))
        #expect(ValueKind.tableFill.parse("Orders=5")?.shape == .transactions)
        for wrong in ["Orders", "Orders=", "=5", "Orders=5:", "Orders=5:9KB", "ab=5", "abc=-5"] {
            #expect(ValueKind.tableFill.parse(wrong) == nil, "\(wrong)")
        }
    }
}
