import Synchronization

/// An operation of a service: what a client must know to send it and to read its reply.
///
/// Each is declared once, where it stands in the target of its service, by ``ReadOperation`` or
/// ``Operation/init(writing:of:reply:)``.
package struct Operation: Sendable {
    /// As AWS spells it, `BatchWriteItem`.
    package let name: String
    package let service: Service
    /// Whether it changes a table or its items, which is never done to a source.
    package let mutates: Bool
    /// What is read of its reply.
    package let reply: ReplyShape
    /// Pages of items come in large replies.
    let replies: HTTPReplySize
    /// Tells the operations of a process apart, counted as they are declared.
    let number: Int

    /// Of a process; clients note in one bit each which of them have been answered.
    static let countMax = 63

    /// An operation that changes something.
    package init(writing name: String, of service: Service = .dynamoDB, reply: ReplyShape) {
        self.init(name, service, mutates: true, .small, reply)
    }

    fileprivate init(
        _ name: String, _ service: Service, mutates: Bool, _ replies: HTTPReplySize,
        _ reply: ReplyShape
    ) {
        self.name = name
        self.service = service
        self.mutates = mutates
        self.reply = reply
        self.replies = replies
        number = Self.declared.add(1, ordering: .relaxed).oldValue
        precondition(number < Self.countMax, "\(name) is one operation too many")
    }

    private static let declared = Atomic(0)

    /// The value of `X-Amz-Target`.
    package var target: String { service.targetPrefix + name }

    /// What a policy has to allow: `dynamodb:Scan`.
    var action: String { "\(service.name):\(name)" }
}

extension Operation: Hashable {
    package static func == (left: Operation, right: Operation) -> Bool {
        left.number == right.number
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// An operation that changes nothing. Whoever holds only a client for these can't express a
/// mutating call: there is no way from an ``Operation`` to one of them.
package struct ReadOperation: Sendable {
    package let operation: Operation

    /// - Parameter items: its replies are pages of items, which are large.
    package init(
        _ name: String, of service: Service = .dynamoDB, items: Bool = false, reply: ReplyShape
    ) {
        operation = Operation(name, service, mutates: false, items ? .large : .small, reply)
    }
}
