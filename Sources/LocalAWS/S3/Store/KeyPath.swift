/// Where in a bucket's folder the object of a key lies: folders, and a file in the last of them.
///
/// A key is cut at its slashes, so that a person finds `data/a.json` in the folder `data`. What a
/// file system can't carry is spelled with a `%`:
///
/// | in the key | name |
/// |---|---|
/// | `%`, a control character | `%25` and so on |
/// | `.` or `..` between slashes | `%2E`, `%2E%2E` |
/// | nothing between slashes, or behind the last one | `%_` |
/// | more than a name may have | a folder that ends with `%+`, and the rest inside of it |
/// | a file beside a folder of its name | the file's name ends with `%-` |
///
/// A name that is not the spelling of its key is no object's.
struct KeyPath: Equatable {
    /// Bytes of a name before it is cut; 255 is what file systems take, the marks included.
    private static let pieceBytesMax = 240
    private static let emptyName = "%_"
    private static let longMark = "%+"
    /// Behind the name of a file that stands beside a folder of the same name.
    static let fileMark = "%-"

    let folders: [String]
    let file: String

    init(_ key: ObjectKey) {
        let parts = key.bytes.split(separator: 0x2F, omittingEmptySubsequences: false)
        var names: [String] = []
        for part in parts { names += Self.names(part) }
        file = names.last ?? Self.emptyName
        folders = Array(names.dropLast())
    }

    /// The names of one part of a key: several when it is long.
    private static func names(_ part: ArraySlice<UInt8>) -> [String] {
        if part.isEmpty { return [emptyName] }
        let isDots = part.allSatisfy { $0 == 0x2E } && part.count <= 2
        var names: [String] = []
        var name: [UInt8] = []
        for byte in part {
            // Not between the bytes of a character.
            if name.count >= pieceBytesMax, byte & 0xC0 != 0x80 {
                names.append(String(decoding: name, as: UTF8.self) + longMark)
                name = []
            }
            if isDots || byte == 0x25 || byte < 0x20 || byte == 0x7F {
                PercentText.append(byte, to: &name)
            } else {
                name.append(byte)
            }
        }
        return names + [String(decoding: name, as: UTF8.self)]
    }

    /// The key of a file by the names of its folders and its own; nil when it has none.
    static func key(folders: [String], file: String) -> ObjectKey? {
        var bare = file
        if bare.hasSuffix(fileMark) { bare.removeLast(fileMark.count) }
        var bytes: [UInt8] = []
        for name in folders {
            let isLong = name.hasSuffix(longMark)
            guard let part = part(isLong ? String(name.dropLast(longMark.count)) : name) else {
                return nil
            }
            bytes += part
            if !isLong { bytes.append(0x2F) }
        }
        guard let last = part(bare), !bytes.isEmpty || !last.isEmpty else { return nil }
        let key = ObjectKey(bytes + last)
        let path = KeyPath(key)
        guard path.folders == folders, path.file == bare, key.bytes.count <= ObjectKey.bytesMax
        else { return nil }
        return key
    }

    private static func part(_ name: String) -> [UInt8]? {
        name == emptyName ? [] : PercentText.decode(Array(name.utf8))
    }
}
