import Flow
import JSON
import Status
import System

extension JobFile {
    /// What a table has DynamoDB do. It costs money: not even a power loss may forget it.
    package func setRequests(_ requests: [ServiceRequest], ofTable table: Int) throws(JobError) {
        let text = JSON.array(requests.map(\.json)).text
        try Self.wrapped { () throws(DatabaseError) in
            try database.execute("PRAGMA synchronous=FULL")
            try database.run(
                "UPDATE tables SET requests = ? WHERE number = ?", .text(text), .integer(table))
            try database.execute("PRAGMA synchronous=NORMAL")
        }
    }

    /// nil where the file is damaged.
    static func requests(_ value: DatabaseValue) -> [ServiceRequest]? {
        guard let kept = json(value)?.array else { return [] }
        let requests = kept.compactMap { ServiceRequest(json: $0) }
        return requests.count == kept.count ? requests : nil
    }
}
