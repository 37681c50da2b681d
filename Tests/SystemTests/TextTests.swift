import System
import Testing

@Suite struct TextTests {
    @Test func `what a terminal would obey is shown as a question mark`() {
        #expect("plain\n\ttext é 漢".withoutControls == "plain\n\ttext é 漢")
        #expect("\u{1B}[2J\u{7}\u{9B}\u{202E}x\r".withoutControls == "?[2J???x?")
    }

    @Test func `a URL loses its password, and nothing else`() {
        #expect("http://u:p@h:1/x".withoutPassword == "http://***@h:1/x")
        #expect("http://u:p@ss@h".withoutPassword == "http://***@h")
        for text in ["http://h/a@b", "a@b", "", "http://"] { #expect(text.withoutPassword == text) }
    }
}
