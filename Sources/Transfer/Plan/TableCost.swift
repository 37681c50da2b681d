import DynamoModel
import Flow
import Pacing
import Status
import System

extension TableCost {
    /// - Parameter limits: that the table is held to.
    init(
        _ prices: PriceTable, _ source: TableDescription, _ target: TableDescription?,
        as definition: TableDefinition, at region: String?, _ limits: ResolvedLimits?
    ) {
        let place = target?.region ?? region
        self.init(
            prices, source: source.definition, target: definition,
            isFar: place != nil && source.region != nil && place != source.region,
            writeLimit: limits?.write.table)
    }
}

extension CopyRefusal {
    /// - Parameters:
    ///   - spent: by earlier runs of the job.
    ///   - left: what is left to be done is expected to cost; nil where nobody knows.
    init?(cost limit: CostLimit, spent: Double, left: Double?) {
        let hint = "go on with a higher --max-cost; dynaferry plan says how it comes about"
        if spent >= limit.dollars {
            self.init(
                "the job has cost \(spent.inDollars) so far, and --max-cost is"
                    + " \(limit.dollars.inDollars)", hint: hint)
        } else if let left, spent + left > limit.dollars {
            let (cost, most) = ((spent + left).inDollars, limit.dollars.inDollars)
            let more = cost == most ? "a little more than" : "\(cost), more than"
            self.init("the copy would cost \(more) --max-cost \(most)", hint: hint)
        } else {
            return nil
        }
    }
}
