import JSON

extension WireReader {
    /// Consumes any one value and returns its bytes.
    mutating func skipValue(depth: Int = 0) throws(ServiceError) -> UnsafeRawBufferPointer {
        guard depth < Self.depthMax else { throw .serialization(nil) }
        let first = peek()
        let start = cursor
        switch first {
        case 0x7B:
            cursor += 1
            if !take(0x7D) {
                repeat {
                    _ = try string()
                    try expect(0x3A)
                    _ = try skipValue(depth: depth + 1)
                } while take(0x2C)
                try expect(0x7D)
            }
        case 0x5B:
            cursor += 1
            if !take(0x5D) {
                repeat { _ = try skipValue(depth: depth + 1) } while take(0x2C)
                try expect(0x5D)
            }
        case 0x22: _ = try string()
        case 0x74, 0x66: _ = try takeBool()
        case 0x6E: guard takeNull() else { throw .serialization(nil) }
        default: try skipNumber()
        }
        return UnsafeRawBufferPointer(start: start, count: cursor - start)
    }

    private mutating func skipNumber() throws(ServiceError) {
        var reader = JSONReader(UnsafeRawBufferPointer(start: cursor, count: end - cursor))
        guard let range = try? reader.skipNumber() else { throw .serialization(nil) }
        cursor += range.count
    }

    /// Calls `body` with each member of the object that comes next; `body` must consume the value.
    @inline(never)
    mutating func members(
        wanted: String = "Map",
        _ body: (inout WireReader, WireString) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        guard peek() == 0x7B else { throw unexpected(wanted: wanted) }
        cursor += 1
        if take(0x7D) { return }
        repeat {
            let name = try string()
            try expect(0x3A)
            try body(&self, name)
        } while take(0x2C)
        try expect(0x7D)
    }

    /// Calls `body` before each element of the array that comes next; `body` must consume it.
    @inline(never)
    mutating func elements(
        wanted: String = "List",
        _ body: (inout WireReader) throws(ServiceError) -> Void
    ) throws(ServiceError) {
        guard peek() == 0x5B else { throw unexpected(wanted: wanted) }
        cursor += 1
        if take(0x5D) { return }
        repeat { try body(&self) } while take(0x2C)
        try expect(0x5D)
    }
}
