import Foundation
import JSON
import LocalAWS
import Testing

/// What tables of a server have consumed, by its meter, from an instant on.
struct MeteredUnits {
    private let server: LocalServer
    private let tables: [String]
    private let figure: String
    private let start: (seconds: Double, units: Double)

    /// - Parameter figure: `write_units` or `read_units`.
    init(_ figure: String, of tables: [String], _ server: LocalServer) throws {
        self.server = server
        self.tables = tables
        self.figure = figure
        start = try Self.sum(figure, of: tables, server)
    }

    private static func sum(
        _ figure: String, of tables: [String], _ server: LocalServer
    ) throws -> (seconds: Double, units: Double) {
        let meter = server.meter
        let units = tables.compactMap { meter["tables"]?[$0]?[figure]?.double }
        return (try #require(meter["now_seconds"]?.double), units.reduce(0, +))
    }

    /// Looks at the meter until `isOver`: at no time more has been consumed since the start than
    /// the limit allows, what may be saved up (a tenth of a second) and one request included. What
    /// comes late makes it less, so no machine is too slow for this.
    /// - Parameter before: units that requests of an earlier, higher limit may still consume.
    /// - Returns: what was consumed.
    @discardableResult
    func expect(
        atMost limit: Double, before: Double = 0, request: Double = 100,
        until isOver: (_ units: Double, _ seconds: Double) async throws -> Bool
    ) async throws -> Double {
        while true {
            let now = try Self.sum(figure, of: tables, server)
            let (seconds, units) = (now.seconds - start.seconds, now.units - start.units)
            let allowed = limit * (seconds + 0.1) + request + before
            #expect(units <= allowed, "\(units) units in \(seconds) s, of \(allowed)")
            if try await isOver(units, seconds) { return units }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
