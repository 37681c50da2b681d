import Flow
import Status
import Testing
import Transfer

@testable import Arguments
@testable import dynaferry

/// Goal: what holds for thirty tables is said once.
@Suite struct SharedRemarksTests {
    @Test func `remarks that differ in names alone are one, and others stay as they are`() {
        var remarks = SharedRemarks()
        for name in ["Orders", "OrdersCopy", "Users"] {
            remarks.add("no access to table/\(name)", of: name, names: [name, "x"])
        }
        remarks.add("Denied: gone", of: "Users", names: ["Users"])
        #expect(remarks.lines == ["3 tables: no access to table/*", "Users: Denied: gone"])
    }

    private func status(failing count: Int) -> JobStatus {
        let tables = (1...3).map { number in
            var table = TableStatus(source: "stage-\(number)", target: "dev-\(number)")
            table.stage = .ended
            table.outcome =
                number <= count
                ? .failed(
                    FlowFailure(
                        .giveUp, code: "AccessDenied",
                        message: "not allowed on table/dev-\(number)", hint: "grant it"))
                : .completed
            return table
        }
        return JobStatus(.copy, tables, elapsed: .seconds(1))
    }

    @Test func `a copy of many tables says each cause once`() throws {
        let arguments = try CopyArguments(parsing: ["stage-*", "dev-*"])
        let lines = CopySummary(arguments, status(failing: 2), ReportTests.usage).lines
        #expect(lines.last == "  2 tables: AccessDenied: not allowed on table/*")
        let one = CopySummary(arguments, status(failing: 1), ReportTests.usage).lines
        #expect(one.last == "  stage-1: AccessDenied: not allowed on table/dev-1")
    }

    @Test func `so does a verification, with what to do about it`() throws {
        let arguments = try VerifyArguments(parsing: ["stage-*", "dev-*"])
        let summary = VerifySummary(arguments, status(failing: 3), ReportTests.usage, shown: [])
        #expect(
            summary.errors.map(\.text) == ["3 tables: AccessDenied: not allowed on table/*"])
        #expect(summary.errors.map(\.hints) == [["grant it"]])
    }
}
