import System
import Testing

@Suite struct TextTests {
    @Test func `what a terminal would obey is shown as a question mark`() {
        #expect("plain\n\ttext é 漢".withoutControls == "plain\n\ttext é 漢")
        #expect("\u{1B}[2J\u{7}\u{9B}\u{202E}x\r".withoutControls == "?[2J???x?")
    }

    @Test func `a count has its noun in the singular or the plural`() {
        #expect(1.counted("item") == "1 item" && 0.counted("item") == "0 items")
        #expect(1_500.counted("item") == "1,500 items")
        #expect(
            1.counted("copy", "copies") == "1 copy" && 2.counted("copy", "copies") == "2 copies")
        #expect(1.counted("table is", "tables are") == "1 table is")
        #expect((-1).counted("item") == "-1 items")
    }

    @Test func `a URL loses its password, and nothing else`() {
        #expect("http://u:p@h:1/x".withoutPassword == "http://***@h:1/x")
        #expect("http://u:p@ss@h".withoutPassword == "http://***@h")
        for text in ["http://h/a@b", "a@b", "", "http://"] { #expect(text.withoutPassword == text) }
    }
}
