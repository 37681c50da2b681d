import System

/// The header lines of one request, where libcurl finds them until it is done.
///
/// A line that has a name and no value, `Accept:`, takes out what libcurl would add by itself.
final class HeaderLines {
    let list: CurlHeaders
    private let bytes: UnsafeMutableRawBufferPointer

    /// - Parameter lines: at least one, without zero bytes and line ends.
    init(_ lines: [String]) {
        bytes = .allocate(byteCount: lines.reduce(0) { $0 + $1.utf8.count + 1 }, alignment: 1)
        var offsets: [Int] = []
        var end = 0
        for line in lines {
            offsets.append(end)
            for byte in line.utf8 {
                bytes[end] = byte
                end += 1
            }
            bytes[end] = 0
            end += 1
        }
        guard let start = bytes.baseAddress else { preconditionFailure("a request has a head") }
        list = CurlHeaders(start, lineOffsets: offsets)
    }

    deinit { bytes.deallocate() }
}
