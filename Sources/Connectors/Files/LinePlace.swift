import Flow
import System

/// Where an item of an export lies.
package struct LinePlace: Hashable, Comparable, Sendable {
    /// The file's place among those that are listed.
    package var file: Int
    /// From 0.
    package var line: Int

    package static func < (left: Self, right: Self) -> Bool {
        (left.file, left.line) < (right.file, right.line)
    }

    /// In the same order as numbers.
    var number: UInt128 {
        UInt128(truncatingIfNeeded: file) << 64 | UInt128(truncatingIfNeeded: line)
    }

    /// `file:line`, both from 1.
    func write(to output: inout [UInt8]) {
        output += String(file + 1).utf8
        output.append(0x3A)
        output += String(line + 1).utf8
    }

    init(file: Int, line: Int) {
        self.file = file
        self.line = line
    }

    /// - Parameter number: of another place.
    init(number: UInt128) {
        self.init(
            file: Int(truncatingIfNeeded: number >> 64), line: Int(truncatingIfNeeded: number))
    }
}

/// Where the first item of a page lies, made by ``ExportSource``: the others follow it.
struct PageLines: Sendable {
    var first: LinePlace

    func place(of item: Int) -> LinePlace {
        LinePlace(file: first.file, line: first.line + item)
    }
}

/// Leaves out items whose keys come again further on.
package final class SupersededStage: PageStage {
    private let places: Set<LinePlace>
    private let files: Set<Int>

    package init(_ places: Set<LinePlace>) {
        self.places = places
        files = Set(places.map(\.file))
    }

    package func growth(items: Int) -> Int { items * MemoryLayout<Verdict>.stride }

    package func apply(to page: inout Page) throws(FlowFailure) {
        guard let lines = page.made(PageLines.self), files.contains(lines.first.file) else {
            return
        }
        for item in page.items.indices where places.contains(lines.place(of: page.origin(of: item)))
        {
            page.leaveOut(item, .superseded)
        }
    }
}
