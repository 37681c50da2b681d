import Synchronization

/// An operation of a service: what a client must know to send it and to read its reply.
///
/// Each is declared once, where it stands in the target of its service, by ``ReadOperation``,
/// ``Operation/init(writing:of:reply:)``, or, of S3, ``Operation/init(s3:right:mutates:)``.
package struct Operation: Sendable {
    /// As AWS spells it, `BatchWriteItem`.
    package let name: String
    package let service: Service
    /// Whether it changes a table, its items or objects, which is never done to a source.
    package let mutates: Bool
    /// What a policy has to allow: `dynamodb:Scan`.
    let action: String
    /// What is read of its reply in JSON.
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

    /// An operation of S3, whose replies are read where they are wanted.
    /// - Parameter right: as policies have it, where that is not the operation's name.
    package init(s3 name: String, right: String? = nil, mutates: Bool) {
        self.init(name, .s3, mutates: mutates, .large, .empty, right: right)
    }

    fileprivate init(
        _ name: String, _ service: Service, mutates: Bool, _ replies: HTTPReplySize,
        _ reply: ReplyShape, right: String? = nil
    ) {
        self.name = name
        self.service = service
        self.mutates = mutates
        action = "\(service.name):\(right ?? name)"
        self.reply = reply
        self.replies = replies
        number = Self.declared.add(1, ordering: .relaxed).oldValue
        precondition(number < Self.countMax, "\(name) is one operation too many")
    }

    private static let declared = Atomic(0)

    /// The value of `X-Amz-Target`.
    package var target: String { service.targetPrefix + name }
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
