import DynamoModel
import Formats
import System

/// What comes next in an object.
enum InputRecord {
    /// An item's attributes in DynamoDB JSON; the bytes hold until the visit ends. Whether they
    /// make an item of the table is for the visitor to say.
    case attributes(UnsafeRawBufferPointer)
    /// Why it is no item.
    case defect(String)
}

/// Reads the records of an object, one after the other.
///
/// Observed of DYNAMODB_JSON: behind the first record that is no item, the rest of the object is
/// not read. The same is taken to hold for the other formats.
struct InputReader {
    let form: InputForm
    /// Types of the attributes that are keys of the table or of its indexes; of CSV.
    let keyTypes: [String: ScalarType]
    let schema: KeySchema

    /// Visits records until one is no item, the visitor returns false, or there are no more.
    ///
    /// - Parameter bytes: a whole object, inflated.
    func forEachRecord(
        in bytes: UnsafeRawBufferPointer, _ visit: (InputRecord) -> Bool
    ) {
        switch form.format {
        case .dynamoDBJSON: readLines(bytes, visit)
        case .ion: readIon(bytes, visit)
        case .csv:
            var rows = CSVRows(bytes, form.csv, keyTypes: keyTypes)
            rows.forEachItem(visit)
        }
    }

    /// Objects with a member `Item`, one behind the other. Observed: no line break need stand
    /// between them.
    private func readLines(
        _ bytes: UnsafeRawBufferPointer, _ visit: (InputRecord) -> Bool
    ) {
        var reader = WireReader(bytes)
        while true {
            _ = reader.peek()
            guard reader.cursor < reader.end else { return }
            var (item, other): (UnsafeRawBufferPointer?, String?)
            do throws(ServiceError) {
                try reader.members { (reader, name) throws(ServiceError) in
                    let value = try reader.skipValue()
                    if name.equals("Item") { item = value } else { other = name.text }
                }
            } catch {
                _ = visit(.defect("The line is not valid JSON"))
                return
            }
            guard let item else {
                let found = other.map { ": it has the member \($0)" } ?? ""
                _ = visit(.defect("The line has no member Item\(found)"))
                return
            }
            if form.takesItemsOnly, let other {
                _ = visit(.defect("The embedded server does not support \(other) in a line"))
                return
            }
            guard visit(.attributes(item)) else { return }
        }
    }

    /// By the reader of Ion files that the client has: a mistake of it would not be seen here.
    private func readIon(_ bytes: UnsafeRawBufferPointer, _ visit: (InputRecord) -> Bool) {
        var options = FormatOptions()
        options.format = .ion
        let lines = ByteBuffer()
        do throws(FormatFlaw) {
            let reading = try options.reading(bytes, named: "", isWhole: true, schema: schema)
            guard case .made(var maker) = reading else { return }
            var (used, count) = (0, 0)
            while used < bytes.count {
                var defects: [Int: String] = [:]
                let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
                used += try maker.take(rest, isLast: true, into: lines, &defects)
                let goesOn = withExtendedLifetime(lines) {
                    for line in lines.bytes.split(separator: 0x0A) {
                        defer { count += 1 }
                        if let defect = defects[count] {
                            return visit(.defect("The item \(defect)"))
                        }
                        let item = UnsafeRawBufferPointer(rebasing: line)
                        guard visit(.attributes(item)) else { return false }
                    }
                    return true
                }
                guard goesOn else { return }
                lines.removeAll()
            }
        } catch {
            _ = visit(.defect("The object \(error.reason)"))
        }
    }
}
