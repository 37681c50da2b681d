import Foundation
import JSON
import TestSupport
import Testing

@testable import Transfer

/// Goal: what gets in a copy's way is told clearly, and the copy goes on once it is gone, or is
/// refused with the reason.
@Suite(.timeLimit(.minutes(20))) struct CopyObstacleTests {
    /// One error with this reason, and behind it what to do.
    private func expectFailure(_ result: Binary.Result, _ reason: String) {
        #expect(result.status == 1, "\(result.err)")
        let lines = result.err.split(separator: "\n")
        let errors = lines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1 && errors[0].contains(reason), "\(result.err)")
        #expect(lines.last?.hasPrefix("hint: ") == true, "\(result.err)")
    }

    @Test func `a state file that can't grow ends the copy, which goes on when it can`() throws {
        let site = try CopySite()
        // Enough for the job and some saves.
        let limited = try site.run(shell: "ulimit -f 120")
        expectFailure(limited, "the job's state in \(site.jobs.path)/Orders-")
        #expect(limited.out.hasPrefix("failed to copy Orders to Copy"), "\(limited.out)")
        #expect((1..<CopySite.items).contains(try site.job().progress.itemsDone))
        let result = try site.run()
        #expect(result.status == 0, "\(result.err)")
        #expect(result.err.contains("resuming job Orders-"), "\(result.err)")
        try site.expectExact()
    }

    private static let canMount =
        (try? Binary.shell("unshare -m mount -t tmpfs none /mnt").status) == 0

    /// A disk that is there for one shell alone: of 200 KB at first, which is enough for the job
    /// and some saves, then read-only, then with room.
    @Test(.enabled(if: canMount, "skipped: this user may not mount a disk"))
    func `a full disk and a read-only one end the copy, which goes on with room`() throws {
        let site = try CopySite()
        try site.jobs.prepare()
        let result = try Binary.shell(
            """
            exec unshare -m /bin/bash -c '
                jobs=$1; shift
                mount -t tmpfs -o size=200k none "$jobs"
                "$0" "$@" 2>"$jobs.full"; echo "status $?"
                mount -o remount,ro "$jobs"
                "$0" "$@" 2>"$jobs.read-only"; echo "status $?"
                mount -o remount,rw,size=16m "$jobs"
                "$0" "$@" 2>"$jobs.roomy"; echo "status $?"
                ' "$0" "$@"
            """, [site.jobs.path] + site.words(), environment: CopySite.credentials)
        let statuses = result.out.split(separator: "\n").filter { $0.hasPrefix("status ") }
        #expect(statuses == ["status 1", "status 1", "status 0"], "\(result.out)\(result.err)")
        let errors = try ["full", "read-only", "roomy"].map {
            try String(contentsOfFile: "\(site.jobs.path).\($0)", encoding: .utf8)
        }
        #expect(errors[0].contains("error: JobState: "), "\(errors[0])")
        #expect(errors[0].contains("database or disk is full"), "\(errors[0])")
        #expect(errors[0].contains("hint: make room on the disk"), "\(errors[0])")
        #expect(errors[1].contains("error: the state folder \(site.jobs.path) "), "\(errors[1])")
        #expect(errors[1].contains("hint: name another folder"), "\(errors[1])")
        #expect(errors[2].contains("resuming job Orders-"), "\(errors[2])")
        try site.expectExact()
    }

    @Test func `a state folder that can't be made or written to is refused before the start`()
        throws
    {
        let site = try CopySite()
        try Data().write(to: URL(fileURLWithPath: site.folder.path("file")))
        for folder in [site.folder.path("file"), site.folder.path("file/jobs"), "/proc/jobs"] {
            expectFailure(try site.run(["--state-dir", folder]), folder)
        }
        #expect(try site.server.tables() == ["Orders"])
    }

    /// Goal: of a folder that the system does not let be made, its own reason is told, with the
    /// path that it was about: "No such file" sends people to look for a typing error.
    @Test func `a folder is refused with the system's own reason and the path`() throws {
        let site = try CopySite()
        let place = "/sys/dynaferry-none"
        #expect(mkdir(place, 0o700) != 0)
        let reason = String(cString: strerror(errno))
        #expect(open(place, O_CREAT | O_WRONLY, 0o600) < 0)
        let fileReason = String(cString: strerror(errno))
        #expect(![reason, fileReason].contains { $0.contains("No such file") })
        let state = try site.run(["--state-dir", place + "/a/b"])
        expectFailure(
            state, "the state folder \(place)/a/b can't be made: cannot make \(place): \(reason)")
        let report = try site.run(["--report", place])
        expectFailure(report, "cannot write \(place): \(fileReason)")
        let letters = try site.run(["--dead-letters", place])
        expectFailure(letters, "--dead-letters: cannot write \(place): \(fileReason)")
        let export = try Binary.shell(
            "exec \"$0\" copy Orders \(place)/dump/ --progress none",
            environment: CopySite.credentials.merging([
                "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": site.server.url,
            ]) { $1 })
        #expect(export.err.contains("cannot make the folder \(place): \(reason)"), "\(export)")
    }

    @Test func `a target that is deleted in the middle ends the copy, and is not made again`()
        throws
    {
        let site = try CopySite()
        let copy = try site.start()
        try site.waitForProgress()
        try site.delete("Copy")
        let end = try copy.end()
        expectFailure(
            end,
            "ResourceNotFoundException: BatchWriteItem on the target Copy: Requested resource not")
        let id = try site.job().id
        let again = try site.run()
        expectFailure(again, "the target Copy that job \(id) wrote into is gone")
        #expect(again.err.contains("dynaferry jobs remove \(id)"), "\(again.err)")

        // One that someone else has made is not the job's either.
        try site.create("Copy", keys: CopySite.keys)
        expectFailure(
            try site.run(), "Copy is another table than the one that job \(id) wrote into")
        #expect(try site.server.count("Copy") == 0)
    }

    @Test func `a source that was made anew is told from the one that the job began with`() throws {
        let site = try CopySite()
        let job = try site.runAndKill()
        let copied = try site.server.count("Copy")
        try site.delete("Orders")
        try site.create("Orders", keys: CopySite.keys)
        expectFailure(
            try site.run(),
            "Orders is another table than when job \(job.id) began: it was deleted and made again")
        #expect(try site.server.count("Copy") == copied)

        try site.delete("Orders")
        try site.create("Orders", keys: [("accountId", "S")])
        expectFailure(try site.run(), "the keys differ")
        try site.delete("Copy")
        expectFailure(
            try site.run(), "the keys of Orders are no longer those that job \(job.id) began with")
        #expect(try site.server.tables() == ["Orders"])
    }
}
