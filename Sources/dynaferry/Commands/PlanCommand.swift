import Arguments
import CommandLine
import JSON
import Status
import Transfer

/// Shows what a copy would do.
package struct PlanCommand: Sendable {
    package typealias Make = (PlanArguments, PriceTable) throws -> CopyPlan
    /// Where the tables of each side are.
    typealias Places = (CopyArguments) throws -> (
        source: IAMPolicies.Place, target: IAMPolicies.Place
    )

    let arguments: PlanArguments
    let console: Console

    package init(_ arguments: PlanArguments, console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run(places: Places, make: Make) throws -> ExitCode {
        if arguments.iam {
            console.show(IAMPolicies(arguments.copy, places: try places(arguments.copy)).text)
            return .success
        }
        guard !arguments.copy.onlyChanged else {
            throw UsageError(
                "what differs is known once both tables have been read: a plan can't tell",
                hints: [
                    "without --only-changed it shows what a whole copy takes",
                    "to compare the tables: dynaferry verify",
                ])
        }
        guard !arguments.copy.hasStream else {
            throw UsageError(
                "- is a stream: a plan would have to read it",
                hints: ["name a folder in its place: ./dump/"])
        }
        let prices = try PriceTable(of: arguments.copy)
        let plan = try make(arguments, prices)
        let report = PlanReport(
            plan: plan, prices: prices, unchecked: IAMPolicies(arguments.copy).writing)
        console.show(arguments.json ? report.json.prettyText : report.lines.joined(separator: "\n"))
        for cause in plan.causes.groups {
            console.fail(cause.text, hints: cause.hint.map { [$0] } ?? [])
        }
        return plan.isRefused ? .failure : .success
    }
}

extension PriceTable {
    /// The prices that were named, or those that are built in.
    init(of arguments: CopyArguments) throws {
        guard let path = arguments.prices else {
            guard let table = PriceTable(json: try JSON(parsing: PriceTable.builtIn)) else {
                preconditionFailure("the prices that are built in can't be read")
            }
            self = table
            return
        }
        guard let json = try JSON(fileAt: path), let table = PriceTable(json: json) else {
            throw CommandFailure(
                "\(path) is no table of prices",
                hints: [
                    "it is a JSON object with: region, date, writeMillion, readMillion,"
                        + " writeUnitHour, readUnitHour, transferGB; and, where known,"
                        + " \(PriceTable.optional.joined(separator: ", ")), tableClass"
                ])
        }
        self = table
    }
}
