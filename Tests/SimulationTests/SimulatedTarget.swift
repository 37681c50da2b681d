/// The table that is copied into: keys and values, and which of them the job has put there.
struct SimulatedTarget {
    private(set) var values: [UInt64?]
    /// Items that the job has put at least once, by ordinal.
    private(set) var wasPut: [Bool]

    init(_ world: SimulatedWorld) {
        values = world.older
        wasPut = [Bool](repeating: false, count: world.items.count)
    }

    mutating func put(_ ordinals: [Int], of world: SimulatedWorld) {
        for ordinal in ordinals {
            values[ordinal] = world.items[ordinal].value
            wasPut[ordinal] = true
        }
    }
}
