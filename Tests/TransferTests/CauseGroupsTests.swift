import Testing

@testable import Status

/// Goal: of many tables, those that fail for one reason are told together, each by its name.
@Suite struct CauseGroupsTests {
    private typealias Case = CauseGroups.Case

    @Test func `tables with one cause are one line that names them all`() {
        let groups = CauseGroups(
            ["a", "b", "c"].map { name in
                Case(
                    source: name, target: "\(name)-dev",
                    message: "the target table \(name)-dev holds items", hint: "see --merge")
            } + [Case(source: "d", target: "e", message: "there is no source table d")])
        #expect(
            groups.lines == [
                "3 tables: the target table NAME holds items: a, b, c",
                "d: there is no source table d",
            ])
        #expect(groups.hints == ["see --merge"])
    }

    @Test func `only whole names are left out of a cause`() {
        let groups = CauseGroups([
            Case(source: "or", target: "or-2", message: "or: orders of or-2, table/or or or.x"),
            Case(source: "ab", target: "ab-2", message: "ab: orders of ab-2, table/ab ab ab.x"),
        ])
        #expect(groups.groups.count == 2)
        #expect(groups.lines[0] == "or: or: orders of or-2, table/or or or.x")
        let same = CauseGroups([
            Case(source: "or", target: "or-2", message: "no or in orders, but or-2"),
            Case(source: "ab", target: "ab-2", message: "no ab in orders, but ab-2"),
        ])
        #expect(same.lines == ["2 tables: no NAME in orders, but NAME: or, ab"])
    }

    @Test func `the most common cause comes first, and equal ones as they came`() {
        func one(_ name: String, _ message: String) -> Case {
            Case(source: name, target: "t-\(name)", message: message)
        }
        let groups = CauseGroups([
            one("a", "full"), one("b", "gone"), one("c", "archived"), one("d", "archived"),
        ])
        #expect(groups.groups.map(\.message) == ["archived", "full", "gone"])
    }

    @Test func `a table without a name of its own is no endless search`() {
        #expect(CauseGroups([Case(source: "", target: "", message: "x")]).lines == [": x"])
    }
}
