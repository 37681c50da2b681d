import JSON

/// Limits as a command or `jobs throttle` asks for them; nil where it says nothing.
package struct RequestedLimits: Equatable, Sendable {
    /// Of the source; nil: half of what a provisioned one has.
    package var readUnits: RateSpec?
    /// Of the target, where it is compared; likewise.
    package var targetReadUnits: RateSpec?
    /// Of the target; nil: all of what a provisioned one has.
    package var writeUnits: RateSpec?
    /// Units a second of all tables of the job together, their indexes included.
    package var totalReadUnits: Double?
    package var totalWriteUnits: Double?
    /// Most writes in flight; nil: the default, which adapts where batches are written.
    package var writesMax: Int?

    package init() {}

    /// What a job's file or message may say of units a second.
    fileprivate static let unitsRange = 0.0...1e12

    package var totals: UnitTotals { UnitTotals(read: totalReadUnits, write: totalWriteUnits) }

    package var isEmpty: Bool { self == RequestedLimits() }

    /// What `later` sets, and where it sets nothing what this one does.
    package func updated(by later: RequestedLimits) -> RequestedLimits {
        var limits = self
        limits.readUnits = later.readUnits ?? readUnits
        limits.targetReadUnits = later.targetReadUnits ?? targetReadUnits
        limits.writeUnits = later.writeUnits ?? writeUnits
        limits.totalReadUnits = later.totalReadUnits ?? totalReadUnits
        limits.totalWriteUnits = later.totalWriteUnits ?? totalWriteUnits
        limits.writesMax = later.writesMax ?? writesMax
        return limits
    }

    /// In words; nil when it sets nothing.
    package var description: String? {
        var parts: [String] = []
        if let readUnits { parts.append("read units \(readUnits.text)") }
        if let targetReadUnits { parts.append("read units of the target \(targetReadUnits.text)") }
        if let writeUnits { parts.append("write units \(writeUnits.text)") }
        if let totalReadUnits {
            parts.append("read units of all tables \(JSON(totalReadUnits).text) a second")
        }
        if let totalWriteUnits {
            parts.append("write units of all tables \(JSON(totalWriteUnits).text) a second")
        }
        if let writesMax { parts.append("\(writesMax.counted("write")) in flight") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    package var json: JSON {
        var json: JSON = [:]
        json["readUnits"] = readUnits?.json
        json["targetReadUnits"] = targetReadUnits?.json
        json["writeUnits"] = writeUnits?.json
        json["totalReadUnits"] = totalReadUnits.map { JSON($0) }
        json["totalWriteUnits"] = totalWriteUnits.map { JSON($0) }
        json["writesMax"] = writesMax.map { JSON($0) }
        return json
    }

    package init(json: JSON) {
        readUnits = json["readUnits"].flatMap(RateSpec.init(json:))
        targetReadUnits = json["targetReadUnits"].flatMap(RateSpec.init(json:))
        writeUnits = json["writeUnits"].flatMap(RateSpec.init(json:))
        totalReadUnits = json["totalReadUnits"]?.double(in: Self.unitsRange)
        totalWriteUnits = json["totalWriteUnits"]?.double(in: Self.unitsRange)
        writesMax = json["writesMax"]?.int(in: 1...1_000_000)
    }
}

extension RateSpec? {
    /// It follows the table's own capacity, which may change meanwhile.
    package var followsTable: Bool {
        if case .perSecond = self { false } else { true }
    }
}

extension RateSpec {
    fileprivate var text: String {
        switch self {
        case .perSecond(let units): "\(JSON(units).text) a second"
        case .percent(let share): "\(JSON(share).text)%"
        }
    }

    fileprivate var json: JSON {
        switch self {
        case .perSecond(let units): JSON(units)
        case .percent(let share): ["percent": JSON(share)]
        }
    }

    fileprivate init?(json: JSON) {
        if let units = json.double(in: RequestedLimits.unitsRange) {
            self = .perSecond(units)
        } else if let share = json["percent"]?.double(in: 0...100) {
            self = .percent(share)
        } else {
            return nil
        }
    }
}
