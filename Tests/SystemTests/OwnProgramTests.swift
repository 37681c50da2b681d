import Foundation
import Testing

@testable import System

@Suite struct OwnProgramTests {
    @Test func `the environment is the one that C sees`() {
        let own = OwnProgram.environment
        #expect(!own.isEmpty && own.allSatisfy { $0.contains("=") })
        let path = own.first { $0.hasPrefix("PATH=") }
        #expect(path?.dropFirst(5).description == ProcessInfo.processInfo.environment["PATH"])
    }

    @Test func `the words that the kernel laid out are those of the command line`() {
        #expect(OwnProgram.wordsAtStart == Swift.CommandLine.arguments)
        #expect(!OwnProgram.wordsAtStart.isEmpty)
    }

    @Test func `the program can be found again`() {
        #expect(FileManager.default.isExecutableFile(atPath: OwnProgram.path))
        #expect(OwnProgram.hasProc)
    }
}
