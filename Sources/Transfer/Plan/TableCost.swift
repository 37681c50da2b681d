import DynamoModel
import Flow
import Pacing
import Status
import System

extension TableCost {
    /// Of a job's table as it is.
    /// - Parameter boost: write units that the target has been raised to.
    init(
        _ prices: PriceTable, _ source: TableDescription, _ target: TableDescription?,
        at region: String?, readsFiles: Bool, boost: Int?
    ) {
        self.init(
            prices, source: source.definition,
            target: target?.definition ?? source.definition,
            path: readsFiles
                ? .unknown : TransferPath(from: source, to: target, orRegion: region),
            boost: boost)
    }
}

extension CopyRefusal {
    /// - Parameters:
    ///   - spent: by earlier runs of the job.
    ///   - left: what is left to be done is expected to cost; nil where nobody knows.
    init?(cost limit: CostLimit, spent: Double, left: Double?) {
        let hint = "resume with a higher --max-cost; dynaferry plan shows how it is made up"
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
