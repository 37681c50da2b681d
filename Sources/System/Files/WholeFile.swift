import Glibc

/// Files and streams that are read whole. None is read without bound: a device or a pipe has no
/// end. What is longer than was allowed for is refused, with `EFBIG`. The corresponding C functions
/// are `open` and `read`.
package enum WholeFile {
    package static func bytes(
        ofFileAt path: String, bytesMax: Int
    ) throws(SystemError) -> [UInt8] {
        let descriptor = NamedPipe.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("cannot read \(path)", code: errno) }
        defer { close(descriptor) }
        return try bytes(of: descriptor, called: path, bytesMax: bytesMax)
    }

    /// What is left of an open file, to its end.
    package static func bytes(
        of descriptor: Int32, called name: String, bytesMax: Int
    ) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return content }
            if count > 0 {
                content += chunk[..<count]
            } else if errno != EINTR {
                throw SystemError("cannot read \(name)", code: errno)
            }
            guard content.count <= bytesMax else { throw tooLarge(name, bytesMax) }
        }
    }

    private static func tooLarge(_ name: String, _ bytesMax: Int) -> SystemError {
        let size = bytesMax >> 20 > 0 ? "\(bytesMax >> 20) MiB" : bytesMax.counted("byte")
        return SystemError("cannot read \(name)", reason: "it is larger than \(size)", code: EFBIG)
    }

    /// Files of the kernel's, which are short.
    package static let kernelBytesMax = 4 << 20
}
