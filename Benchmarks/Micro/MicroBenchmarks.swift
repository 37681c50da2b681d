import Glibc
import JSON

/// Measures the parts of a copy's hot path by themselves, and prints what it found as JSON.
///
/// Its goal is to see a part become slower; what a whole copy costs is not its sum, since caches
/// and memory are shared there.
@main
enum MicroBenchmarks {
    static func main() async throws {
        var results: [Measurement] = []
        for shape in SamplePage.shapes {
            let page = try SamplePage(shape)
            results.append(try Cutting.measure(page))
            results.append(try Splicing.measure(page))
            results.append(try Digesting.measure(page))
        }
        for bytes in [300, 17_000] { results.append(try await Sending.measure(bytes: bytes)) }
        results.append(Scheduling.measure())
        results.append(Metering.measure())
        results.append(try Saving.measure())
        let json: JSON = ["results": .array(results.map(\.json))]
        json.text.withCString { _ = puts($0) }
    }
}
