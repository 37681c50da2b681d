import DynamoModel
import Testing

@Suite struct CursorLoopTests {
    @Test(arguments: [1, 2, 3, 7, 100])
    func `a circle of any length is found before it has been gone round three times`(
        length: Int
    ) {
        var loop = CursorLoop()
        for number in 0..<5 { _ = loop.advance(to: [0, UInt8(number)]) }
        var pages = 0
        while loop.advance(to: [1, UInt8(pages % length)]) { pages += 1 }
        #expect(pages <= 3 * length + 10, "\(pages) pages of a circle of \(length)")
    }

    @Test func `a key that does not advance from where the scan began is found at once`() {
        var loop = CursorLoop(start: [7])
        let leadsOn = loop.advance(to: [7])
        #expect(!leadsOn)
    }

    @Test func `a scan that leads on is let go on`() {
        var loop = CursorLoop()
        for number in 0..<10_000 {
            let leadsOn = loop.advance(to: [UInt8(number & 255), UInt8(number >> 8)])
            #expect(leadsOn)
        }
    }
}
