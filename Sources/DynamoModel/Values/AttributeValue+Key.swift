import JSON
import System

extension AttributeValue {
    /// Decodes the key attribute whose value begins at `offset`, as a cutter has found it.
    /// Throws when what stands there is no attribute value.
    package init(keyAt offset: UInt32, in bytes: UnsafeRawBufferPointer) throws {
        var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...]))
        try self.init(try reader.readValue())
    }
}
