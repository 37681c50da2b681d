/// What a job may cost, over all its runs.
package struct CostLimit: Equatable, Sendable {
    package var dollars: Double
    package var prices: PriceTable

    package init(dollars: Double, prices: PriceTable) {
        self.dollars = dollars
        self.prices = prices
    }
}
