import Foundation
import Testing

@testable import System

/// Goal: what is kept on disk comes back whole, and never takes the room of what must be written.
@Suite(.serialized) struct SpoolTests {
    @Test func `blocks come back as they were, in any order`() throws {
        let folder = NSTemporaryDirectory() + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let spool = try Spool(inFolder: folder, leaving: 0)
        let blocks = [[UInt8]("one".utf8), [UInt8](repeating: 7, count: 100_000), [1]]
        let kept = try blocks.map { block in try block.withUnsafeBytes { try spool.add($0) } }
        for (place, block) in zip(kept, blocks).reversed() {
            let buffer = ByteBuffer()
            #expect(spool.read(place, into: buffer))
            #expect(Array(buffer.bytes) == block)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func `many are made in one folder at once`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<200 { _ = try Spool(inFolder: NSTemporaryDirectory()) }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a disk without room to spare takes nothing`() throws {
        for leaving in [Int.max, Int.max - 10] {
            let spool = try Spool(inFolder: NSTemporaryDirectory(), leaving: leaving)
            let error = #expect(throws: SystemError.self) {
                try [UInt8](repeating: 7, count: 100).withUnsafeBytes { try spool.add($0) }
            }
            #expect(error?.code == ENOSPC)
        }
    }
}
