/// What the requests of a ``Client`` keep for those that follow, behind its lock.
struct ClientState {
    /// By operation; nil until first used.
    private var templates: [Kept?] = Array(repeating: nil, count: Operation.countMax)
    /// Idle, by operation. The last one used goes out first: its memory is warm.
    private var exchanges: [[HTTPExchange]] = Array(repeating: [], count: Operation.countMax)

    private struct Kept {
        var template: SigningTemplate
        /// Of the credentials that it signs with.
        var generation: Int
    }

    mutating func takeExchange(for operation: Operation) -> HTTPExchange? {
        exchanges[operation.number].popLast()
    }

    mutating func keep(_ exchange: HTTPExchange, for operation: Operation) {
        exchanges[operation.number].append(exchange)
    }

    /// Nil where there is none yet for this day and these credentials.
    func template(for operation: Operation, on day: Int, generation: Int) -> SigningTemplate? {
        guard let kept = templates[operation.number], kept.generation == generation,
            kept.template.day == day
        else { return nil }
        return kept.template
    }

    mutating func keep(_ template: SigningTemplate, for operation: Operation, generation: Int) {
        templates[operation.number] = Kept(template: template, generation: generation)
    }
}
