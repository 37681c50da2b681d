/// Work that is done for several things side by side.
package enum AtOnce {
    /// Tables that are looked at, or created, at a time.
    private static let usual = 8

    /// What `body` makes of each element, in their order, some at a time.
    package static func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element], atOnce: Int? = nil,
        _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: elements.count)
            for (number, element) in elements.enumerated() {
                if number >= atOnce ?? usual, let (done, result) = try await group.next() {
                    results[done] = result
                }
                group.addTask { (number, try await body(element)) }
            }
            while let (done, result) = try await group.next() { results[done] = result }
            return results.compactMap { $0 }
        }
    }
}
