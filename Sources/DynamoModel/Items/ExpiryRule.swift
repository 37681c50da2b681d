import JSON
import System

/// Which items of a page have expired: those whose time, in one attribute, lies in the past.
///
/// By the service's rules (guide, "Time to Live"): the time is a Number at the item's top level, in
/// seconds since 1970. An item without it, or whose attribute has another type, never expires; nor
/// does one whose time lies five years back or more.
package struct ExpiryRule: Sendable {
    private let attribute: [UInt8]

    /// Seconds of five years without their leap days: so that nothing is taken for expired that
    /// the service would keep.
    private static let oldest = 5 * 365 * 86_400

    package init(attribute: String) {
        self.attribute = Array(attribute.utf8)
    }

    /// Positions of those of a page's items that have expired by `now`, in seconds since 1970.
    /// - Parameter reply: what the items were cut out of, which has been validated then, with the
    ///   ``PageCutter/padding`` behind it.
    /// - Throws: when the bytes are no item.
    package func expired(
        _ items: [ItemSlice], in reply: UnsafeRawBufferPointer, at now: Int
    ) throws(JSONError) -> [Int] {
        guard !items.isEmpty else { return [] }
        let (from, to) = (Self.number(now - Self.oldest), Self.number(now))
        var walk = ByteWalk(reply)
        var expired: [Int] = []
        for (position, item) in items.enumerated() {
            walk.position = walk.base + Int(item.offset)
            guard let time = try time(&walk) else { continue }
            if from < time, time < to { expired.append(position) }
        }
        return expired
    }

    /// The time of the item that the walk stands at; nil where it has none.
    private func time(_ walk: inout ByteWalk) throws(JSONError) -> DynamoNumber? {
        var time: DynamoNumber?
        try walk.walkObject { (walk, name) throws(JSONError) in
            guard walk.equals(name, attribute) else { return try walk.walkValue() }
            try walk.walkObject { (walk, type) throws(JSONError) in
                guard walk.equals(type, "N") else { return try walk.walkValue() }
                let text = try walk.walkString()
                do {
                    time = try DynamoNumber(walk.bytes(text.range))
                } catch {
                    throw walk.failure("not a number")
                }
            }
        }
        return time
    }

    private static func number(_ seconds: Int) -> DynamoNumber {
        do {
            return try DynamoNumber(String(seconds))
        } catch {
            preconditionFailure("\(seconds) is no number: \(error)")
        }
    }
}
