/// Something that a table has besides its keys, indexes, billing and items: what a copy can carry
/// over, or leave out on request.
///
/// They stand in the order in which they are set on a copy: those that come with the table, then,
/// once its items have arrived, the others; what would hinder a second attempt comes last.
package enum Setting: String, CaseIterable, Sendable {
    case tableClass = "table-class"
    case encryption
    /// Most units of an on-demand table and its indexes.
    case maxima = "on-demand-maxima"
    case tags
    case timeToLive = "ttl"
    /// Point-in-time recovery.
    case recovery = "pitr"
    case insights = "contributor-insights"
    case autoScaling = "auto-scaling"
    /// Changes of what auto scaling may do, by the clock.
    case scheduledScaling = "scheduled-scaling"
    case stream
    /// Destinations of the table's changes in Kinesis.
    case kinesis
    case replicas
    case policy = "resource-policy"
    case protection = "deletion-protection"

    /// What the reading of it takes, where DescribeTable does not return it.
    package var needsCall: Bool {
        switch self {
        case .tableClass, .encryption, .maxima, .stream, .replicas, .protection: false
        case .tags, .timeToLive, .recovery, .insights, .autoScaling, .scheduledScaling,
            .kinesis, .policy:
            true
        }
    }

    /// As it is called in a sentence.
    package var title: String {
        switch self {
        case .tableClass: "table class"
        case .encryption: "encryption"
        case .maxima: "on-demand maxima"
        case .tags: "tags"
        case .timeToLive: "TTL"
        case .recovery: "point-in-time recovery"
        case .insights: "contributor insights"
        case .autoScaling: "auto scaling"
        case .scheduledScaling: "scheduled scaling"
        case .stream: "stream"
        case .kinesis: "Kinesis destination"
        case .replicas: "replicas"
        case .policy: "resource policy"
        case .protection: "deletion protection"
        }
    }
}
