import Flow
import Schema
import System

/// What is paid for a target's units: it is kept before the service is asked for them, and not even
/// a power loss may forget it.
extension JobFile {
    package func setBoost(table: Int, _ boost: UnitBoost?) throws(JobError) {
        try setAtOnce("boost", DatabaseValue(boost?.json.text), table)
    }

    package func setWarmUnits(table: Int, _ units: Int) throws(JobError) {
        try setAtOnce("warm_units", .integer(units), table)
    }

    private func setAtOnce(
        _ column: String, _ value: DatabaseValue, _ table: Int
    ) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.execute("PRAGMA synchronous=FULL")
            try database.run(
                "UPDATE tables SET \(column) = ? WHERE number = ?", value, .integer(table))
            try database.execute("PRAGMA synchronous=NORMAL")
        }
    }
}
