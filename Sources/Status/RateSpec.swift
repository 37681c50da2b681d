/// A bound on capacity units a second: so many, or a share of what each table and index has.
package enum RateSpec: Equatable, Sendable {
    case perSecond(Double)
    /// Of each table's and index's own provisioned units or on-demand maximum; above 0, at most
    /// 100.
    case percent(Double)
}
