import AWS
import Dispatch
import DynamoDB
import DynamoModel
import JSON

/// Compares two tables item by item, where both place equal keys in equal segments, as two tables
/// of one server do.
///
/// Segment by segment both sides are read whole, so memory is that of a few segments. Items whose
/// bytes are equal are equal; others are matched by key and compared by value: numbers by value,
/// sets without order, attributes without order.
package struct TableComparison: Sendable {
    package struct Findings: Equatable, Sendable {
        package var itemsCompared = 0
        package var onlyInSource = 0
        package var onlyInTarget = 0
        package var different = 0

        package init() {}

        package var differences: Int { onlyInSource + onlyInTarget + different }

        mutating func add(_ other: Findings) {
            itemsCompared += other.itemsCompared
            onlyInSource += other.onlyInSource
            onlyInTarget += other.onlyInTarget
            different += other.different
        }
    }

    private let source: any ReadableTable
    private let target: any ReadableTable
    private let schema: KeySchema
    private let segments: Int

    /// Segments that are compared at a time.
    private static let width = 4
    private static let pageBytesMax =
        PageSizing.worstCase(limit: ServiceLimits.pageBytesMax / ServiceLimits.itemBytesMax + 1)

    /// - Parameter schema: the keys of both tables.
    package init(
        _ source: any ReadableTable, _ target: any ReadableTable, schema: KeySchema, segments: Int
    ) {
        precondition(segments > 0, "there must be a segment, not \(segments)")
        self.source = source
        self.target = target
        self.schema = schema
        self.segments = segments
    }

    package func run() async throws -> Findings {
        try await withThrowingTaskGroup(of: Findings.self) { group in
            var findings = Findings()
            for segment in 0..<segments {
                if segment >= Self.width, let done = try await group.next() { findings.add(done) }
                group.addTask { try await compare(segment) }
            }
            while let done = try await group.next() { findings.add(done) }
            return findings
        }
    }

    private func compare(_ segment: Int) async throws -> Findings {
        let left = try await read(source, segment)
        let right = try await read(target, segment)
        var findings = Findings()
        findings.itemsCompared = left.count
        let isSame =
            left.count == right.count && zip(left, right).allSatisfy { $0.hasBytes(of: $1) }
        return isSame ? findings : try compareByKey(left, right, findings)
    }

    private func compareByKey(
        _ left: [ReadItem], _ right: [ReadItem], _ findings: Findings
    ) throws -> Findings {
        var findings = findings
        var others: [ItemKey: ReadItem] = [:]
        for item in right { others[try item.key] = item }
        for item in left {
            guard let other = others.removeValue(forKey: try item.key) else {
                findings.onlyInSource += 1
                continue
            }
            if item.hasBytes(of: other) { continue }
            if try item.decoded != other.decoded { findings.different += 1 }
        }
        findings.onlyInTarget += others.count
        return findings
    }

    private func read(_ table: any ReadableTable, _ segment: Int) async throws -> [ReadItem] {
        let request = ScanRequest(table: table.name, segments: segments, isConsistent: true)
        var items: [ReadItem] = []
        var startKey: [UInt8]?
        repeat {
            let page = try await table.reader.page(
                request, segment: segment, after: startKey, bytesMax: Self.pageBytesMax)
            let cut = try PageCutter(schema: schema).cut(page.bytes)
            items += cut.items.map { ReadItem(slice: $0, page: page) }
            startKey = cut.lastKey.map { Array(page.bytes[$0]) }
        } while startKey != nil
        return items
    }
}

/// An item that was read: a range of its page's bytes.
private struct ReadItem {
    let slice: ItemSlice
    let page: ByteBuffer

    private var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: page.bytes[slice.range])
    }

    func hasBytes(of other: ReadItem) -> Bool {
        slice.length == other.slice.length && bytes.elementsEqual(other.bytes)
    }

    var key: ItemKey { get throws { try ItemKey(slice, in: page.bytes) } }

    var decoded: Item { get throws { try Item(JSON(parsing: bytes)) } }
}

extension ReadOnlyClient {
    private static let pageQueue = DispatchQueue(label: "comparison.pages")
    private static let attemptsMax = 10

    /// One page of a segment, asked for again while the error's remedy says so.
    fileprivate func page(
        _ request: ScanRequest, segment: Int, after startKey: [UInt8]?, bytesMax: Int
    ) async throws -> ByteBuffer {
        let body = ByteBuffer()
        request.write(segment: segment, limit: nil, startKey: startKey, to: body)
        var attempt = 0
        while true {
            do {
                return try await attemptPage(body, bytesMax)
            } catch let error as AWSError {
                let isWorthRepeating = error.remedy == .retry || error.remedy == .slowDown
                guard isWorthRepeating, attempt < Self.attemptsMax else { throw error }
                await Pause.lasting(.milliseconds(50 << attempt))
                attempt += 1
            }
        }
    }

    private func attemptPage(_ body: ByteBuffer, _ bytesMax: Int) async throws -> ByteBuffer {
        let reply = ByteBuffer()
        let result = await withCheckedContinuation { continuation in
            send(.scan, body: body, reply: reply, replyBytesMax: bytesMax, on: Self.pageQueue) {
                continuation.resume(returning: $0)
            }
        }
        return try result.get().body
    }
}
