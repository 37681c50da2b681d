import Pacing

/// What the requests of a ``Client`` share and change, behind its lock.
struct ClientState {
    private(set) var credentials: Credentials
    /// Counts the credentials there have been.
    private(set) var generation = 0
    /// The fetch of new ones that is under way.
    var renewal: Task<Result<Void, ConfigurationError>, Never>?
    var generator: SeededGenerator
    /// By operation; nil until first used, and after day or credentials have changed.
    private var templates: [SigningTemplate?]
    /// Idle, by operation. The last one used goes out first: its memory is warm.
    private var exchanges: [[HTTPExchange]]

    init(credentials: Credentials, seed: UInt64) {
        self.credentials = credentials
        generator = SeededGenerator(seed: seed)
        templates = Array(repeating: nil, count: Operation.allCases.count)
        exchanges = Array(repeating: [], count: Operation.allCases.count)
    }

    mutating func replaceCredentials(with credentials: Credentials) {
        self.credentials = credentials
        generation += 1
        for index in templates.indices { templates[index] = nil }
    }

    mutating func takeExchange(for operation: Operation) -> HTTPExchange? {
        exchanges[operation.rawValue].popLast()
    }

    mutating func keep(_ exchange: HTTPExchange, for operation: Operation) {
        exchanges[operation.rawValue].append(exchange)
    }

    mutating func template(
        for operation: Operation, on day: Int, subject: (Operation) -> SigningTemplate.Subject
    ) -> SigningTemplate {
        if let template = templates[operation.rawValue], template.day == day { return template }
        let template = SigningTemplate(subject(operation), credentials: credentials, day: day)
        templates[operation.rawValue] = template
        return template
    }
}
