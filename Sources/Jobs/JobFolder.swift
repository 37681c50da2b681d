import Connectors
import Flow
import Glibc
import System

/// The folder where jobs keep their state: for each a database, a lock and, while it runs, a
/// socket. Readable by its owner alone.
package struct JobFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// `$XDG_STATE_HOME/dynaferry`, or under `~/.local/state` where that is not set (XDG Base
    /// Directory Specification: relative paths in it are to be ignored). nil without a home.
    package static func defaultPath(environment: [String: String]) -> String? {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return state + "/dynaferry"
        }
        return environment["HOME"].map { $0 + "/.local/state/dynaferry" }
    }

    /// An id becomes the name of a socket, whose path is short (unix(7)).
    static let idBytesMax = 80

    /// What an id may be made of: it becomes a file's name.
    package static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= idBytesMax && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    package func databasePath(_ id: String) -> String { "\(path)/\(id).db" }
    package func socketPath(_ id: String) -> String { "\(path)/\(id).sock" }
    private func lockPath(_ id: String) -> String { "\(path)/\(id).lock" }

    /// Makes the folder, and those above it, when it is not there.
    package func prepare() throws(JobError) {
        var built = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            built += "/" + part
            guard mkdir(built, 0o700) != 0, errno != EEXIST else { continue }
            let reason = errno
            var status = stat()
            // One that exists may be in a folder in which none can be made.
            guard stat(built, &status) != 0 else { continue }
            let place = built == path ? "" : ": cannot make \(built)"
            throw failure("the state folder \(path) can't be made\(place)", reason)
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw JobError("\(path) is no folder", hint: "name another with --state-dir")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw failure("the state folder \(path) can't be written to", errno)
        }
    }

    private func failure(_ what: String, _ number: Int32) -> JobError {
        JobError(
            "\(what): \(String(cString: strerror(number)))",
            hint: "name another folder with --state-dir")
    }

    // MARK: Jobs

    /// Ids of the jobs there are, in the order of their names.
    package var ids: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var ids: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasSuffix(".db") else { continue }
            let id = String(name.dropLast(3))
            if Self.isID(id) { ids.append(id) }
        }
        return ids.sorted()
    }

    package func has(_ id: String) -> Bool { access(databasePath(id), F_OK) == 0 }

    /// The newest job of this identity that is not over; nil when there is none.
    package func unfinished(identity: String) -> JobRecord? {
        jobs(identity: identity).filter { !$0.state.isOver }.max { $0.created < $1.created }
    }

    /// The newest job of this identity, finished or not.
    package func newest(identity: String) -> JobRecord? {
        jobs(identity: identity).max { $0.created < $1.created }
    }

    /// A table as it was when a job had DynamoDB export it there; nil where none has.
    package func exportedTable(named name: String, to files: String) -> ExportedTable? {
        for record in records.sorted(by: { $0.created > $1.created }) {
            let tables = (try? tables(of: record.id)) ?? []
            for table in tables where table.source == name && table.target == files {
                if let kept = table.requests.first?.table { return kept }
            }
        }
        return nil
    }

    /// The newest job whose tables `selection` has chosen, finished or not.
    package func newest(selection: String) -> JobRecord? {
        records.filter { JobIdentity.selection($0.identity) == selection }
            .max { $0.created < $1.created }
    }

    /// Whether a finished copy has read these files into this table.
    /// - Parameter folder: what their title ends with.
    package func hasLoaded(_ folder: String, into table: String) -> Bool {
        records.contains { record in
            record.kind == .copy && record.state.isOver
                && JobIdentity.pairs(record.identity).contains {
                    $0.source.hasSuffix(folder) && $0.target == table
                }
        }
    }

    /// The newest job that is not over and differs from this one in its secret or its rules alone,
    /// and which of both it is.
    package func unfinished(almost identity: String) -> (job: JobRecord, difference: String)? {
        records.filter { !$0.state.isOver }.sorted { $0.created > $1.created }.lazy
            .compactMap { job in
                JobIdentity.sideDifference(job.identity, identity).map { (job, $0) }
            }.first
    }

    /// The newest job of this identity that has finished, and wrote into the tables of these ids.
    package func finished(identity: String, targetIDs: [String?]) -> JobRecord? {
        let jobs = jobs(identity: identity).filter(\.state.isOver).filter { job in
            (try? tables(of: job.id).map(\.targetID)) == targetIDs
        }
        return jobs.max { $0.created < $1.created }
    }

    /// Jobs that are not over, and whose tables `selection` has chosen; the newest first.
    package func unfinished(selection: String) -> [JobRecord] {
        records.filter { !$0.state.isOver && JobIdentity.selection($0.identity) == selection }
            .sorted { $0.created > $1.created }
    }

    /// The tables of a job.
    package func tables(of id: String) throws(JobError) -> [JobTable] {
        try JobFile.open(databasePath(id), readOnly: true).tables()
    }

    /// Why a job can't be read; nil when it can, or is not there.
    package func flaw(of id: String) -> JobError? {
        guard has(id) else { return nil }
        do throws(JobError) {
            _ = try JobFile.open(databasePath(id), readOnly: true).job()
            return nil
        } catch {
            return error
        }
    }

    /// Whether a job can never be read again.
    package func isDamaged(_ id: String) -> Bool { flaw(of: id)?.isDamage == true }

    private func jobs(identity: String) -> [JobRecord] {
        records.filter { JobIdentity.areSame($0.identity, identity) }
    }

    /// Of the jobs that can be read.
    private var records: [JobRecord] {
        ids.compactMap { id -> JobRecord? in
            let path = databasePath(id)
            // One of an older version is brought up to date, or its command would begin again.
            let file =
                (try? JobFile.open(path, readOnly: true))
                ?? (try? JobFile.open(path, readOnly: false))
            return try? file?.job()
        }
    }

    /// An id that no job has: the table's name and four hexadecimal digits.
    package func newID(
        for table: String, using generator: inout some RandomNumberGenerator
    ) -> String {
        let letters = table.utf8.map { byte in
            Self.isID(String(UnicodeScalar(byte))) || byte == 0x2E ? byte : UInt8(ascii: "-")
        }
        let name = String(decoding: letters.suffix(60).drop { $0 == 0x2E }, as: UTF8.self)
        while true {
            let digits = String(UInt16.random(in: 0...UInt16.max, using: &generator), radix: 16)
            let id = "\(name)-\(String(repeating: "0", count: 4 - digits.count))\(digits)"
            if !has(id) { return id }
        }
    }

    /// Takes the job's lock, which is freed when the holder lets go of it or its process ends.
    /// - Returns: nil when another process holds it.
    package func lock(_ id: String) throws(JobError) -> FileLock? {
        try lock(fileAt: lockPath(id))
    }

    /// Takes the lock that a file is, making it where there is none.
    func lock(fileAt path: String) throws(JobError) -> FileLock? {
        do throws(SystemError) {
            return try FileLock.take(path)
        } catch {
            throw JobError(error.description, hint: "name another folder with --state-dir")
        }
    }

    /// Whether a process runs the job now.
    package func isRunning(_ id: String) -> Bool { FileLock.isHeld(lockPath(id)) }

    /// Deletes everything of a job that no process runs. The lock is deleted last: until then no
    /// other process can take it, and after that the job can't be found.
    package func remove(_ id: String) throws(JobError) {
        for suffix in [".db", ".db-wal", ".db-shm", ".sock", ".lock"] {
            let file = "\(path)/\(id)\(suffix)"
            guard unlink(file) == 0 || errno == ENOENT else {
                throw failure("\(file) can't be removed", errno)
            }
        }
    }
}
