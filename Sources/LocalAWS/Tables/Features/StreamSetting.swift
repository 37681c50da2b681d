import Glibc
import JSON
import System

/// A table's stream. When it is switched off its ARN stays, when it is switched on again it gets
/// another (guide, "Change data capture with DynamoDB Streams").
struct StreamSetting: Sendable {
    enum ViewType: String, CaseIterable, Sendable {
        case newImage = "NEW_IMAGE"
        case oldImage = "OLD_IMAGE"
        case newAndOldImages = "NEW_AND_OLD_IMAGES"
        case keysOnly = "KEYS_ONLY"
    }

    /// Nil when it is off.
    private(set) var viewType: ViewType?
    /// When the latest one began, in ISO 8601.
    private(set) var label: String?

    mutating func enable(_ viewType: ViewType, secondsSinceEpoch: Double) {
        self.viewType = viewType
        label = Self.label(secondsSinceEpoch)
    }

    mutating func disable() { viewType = nil }

    /// Adds what DescribeTable tells of it.
    func describe(in table: inout JSON, tableARN: String) {
        if let viewType {
            table["StreamSpecification"] = [
                "StreamEnabled": true, "StreamViewType": .string(viewType.rawValue),
            ]
        }
        if let label {
            table["LatestStreamLabel"] = .string(label)
            table["LatestStreamArn"] = .string("\(tableARN)/stream/\(label)")
        }
    }

    /// `2026-11-20T12:00:00.123`.
    private static func label(_ seconds: Double) -> String {
        let milliseconds = Int(clamping: (seconds * 1000).rounded(.down))
        let day = UTCTime(secondsSinceEpoch: milliseconds / 1000).iso8601.dropLast()
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return "\(day).\(fraction)"
    }
}

/// A `StreamSpecification` (API reference) as it was asked for.
enum StreamRequest: Equatable {
    case enable(StreamSetting.ViewType)
    case disable

    /// - Parameter isCreation: CreateTable and UpdateTable have words of their own.
    init(_ json: JSON, isCreation: Bool) throws(ServiceError) {
        guard let isEnabled = json["StreamEnabled"]?.bool else {
            throw .constraint(
                nil, at: "streamSpecification.streamEnabled", "Member must not be null")
        }
        let text = json["StreamViewType"]?.string
        guard isEnabled else {
            guard text == nil else {
                throw .invalid(
                    isCreation
                        ? "Table is being created with a stream disabled, UpdateViewType should "
                            + "not be specified"
                        : "If stream is being disabled, then UpdateViewType must not be specified")
            }
            self = .disable
            return
        }
        guard let text else {
            throw .invalid(
                isCreation
                    ? "Table is being created with a stream enabled, UpdateViewType is required"
                    : "If stream is being enabled then UpdateViewType is required")
        }
        guard let viewType = StreamSetting.ViewType(rawValue: text) else {
            let all = StreamSetting.ViewType.allCases.map(\.rawValue).joined(separator: ", ")
            throw .constraint(
                text, at: "streamSpecification.streamViewType",
                "Member must satisfy enum value set: [\(all)]")
        }
        self = .enable(viewType)
    }
}
