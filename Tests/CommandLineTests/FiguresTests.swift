import CommandLine
import Testing

@testable import dynaferry

@Suite struct FiguresTests {
    @Test func `whole numbers are grouped by thousands`() {
        #expect(0.grouped == "0")
        #expect(999.grouped == "999")
        #expect(1_000.grouped == "1,000")
        #expect((-380_218).grouped == "-380,218")
        #expect(Int.max.grouped == "9,223,372,036,854,775,807")
        #expect(Int.min.grouped == "-9,223,372,036,854,775,808")
    }

    @Test func `decimals are rounded and padded`() {
        #expect(0.005.fixed(2) == "0.01")
        #expect(1.999.fixed(2) == "2.00")
        #expect(18_932.5.fixed(1) == "18,932.5")
        #expect((-0.25).fixed(2) == "-0.25")
        #expect(12.0.fixed(0) == "12")
        #expect(Double.nan.fixed(2) == "-")
        #expect(Double.infinity.fixed(0) == "-")
        #expect(0.5.short == "0.5")
        #expect(500.0.short == "500")
        #expect(0.0.short == "0")
    }

    @Test func `bytes are told in the largest unit that fits`() {
        #expect(0.0.inDecimalBytes == "0 B")
        #expect(999.0.inDecimalBytes == "999 B")
        #expect(1_000.0.inDecimalBytes == "1.0 KB")
        #expect(999_960.0.inDecimalBytes == "1.0 MB")
        #expect(155_100_000.0.inDecimalBytes == "155.1 MB")
        #expect(Double(32 << 20).inBinaryBytes == "32.0 MiB")
    }

    @Test func `durations are told in at most two units`() {
        #expect(Duration.milliseconds(4_210).spelled == "4.21 s")
        #expect(Duration.seconds(200).spelled == "3 min 20 s")
        #expect(Duration.seconds(7_500).spelled == "2 h 5 min")
    }
}
