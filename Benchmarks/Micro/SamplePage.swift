import AWS
import DynamoModel
import LocalAWS
import System

/// A reply to Scan as the service sends it: a megabyte of stored bytes of generated items.
struct SamplePage {
    static let shapes: [Fill.Shape] = [.transactions, .kilobytes4, .bytes100]

    let shape: Fill.Shape
    let schema: KeySchema
    let body = ByteBuffer()
    let cut: CutPage
    /// How many items were put into it.
    let itemCount: Int

    /// - Throws: when there is no cutting what was made.
    init(_ shape: Fill.Shape) throws {
        self.shape = shape
        guard let schema = Fill(name: "sample", items: 1, shape: shape).definition.schema else {
            throw MissingKey()
        }
        self.schema = schema
        var items: [[UInt8]] = []
        var stored = 0
        // Where a page ends is decided by stored bytes, so each item is sized before it is added.
        while true {
            let item = ItemGenerator.item(shape, seed: 1, index: items.count)
            stored += try Self.storedBytes(item, schema)
            if stored > 1 << 20 { break }
            items.append(item)
        }
        itemCount = items.count
        Self.write(items, to: body)
        cut = try PageCutter(schema: schema).cut(body.bytes)
    }

    struct MissingKey: Error {}

    func item(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: body.bytes[cut.items[index].range])
    }

    private static func storedBytes(_ item: [UInt8], _ schema: KeySchema) throws -> Int {
        let page = ByteBuffer()
        write([item], to: page)
        return try PageCutter(schema: schema).cut(page.bytes).storedBytes
    }

    private static func write(_ items: [[UInt8]], to body: ByteBuffer) {
        body.append(Array("{\"Count\":\(items.count),\"Items\":[".utf8))
        for (index, item) in items.enumerated() {
            if index > 0 { body.append(",") }
            body.append(item)
        }
        body.append(Array("],\"ScannedCount\":\(items.count)}".utf8))
    }
}
