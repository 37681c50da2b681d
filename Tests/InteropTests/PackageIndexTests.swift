import Testing

/// Real data: the package index of the machine, one attribute a field.
@Suite(
    .enabled(if: Programs.python != nil, Programs.needsPython),
    .enabled(if: Programs.hasPackageIndex, Programs.needsPackageIndex))
struct PackageIndexTests {
    /// The whole index is copied by scripts/real-data.sh.
    @Test(.timeLimit(.minutes(20)))
    func `5,000 Debian packages arrive from ministack in the embedded server`() async throws {
        let source = try Emulator.ministack.server
        let target = try Server.serve()
        try await Programs.runScript(
            "package_index.py", ["load", source.url, "packages", "5000"])
        let result = try await Programs.copy(
            "packages", at: source.url, to: "packages", at: target.url)
        #expect(result.status == 0, result.text)
        try await Programs.runScript(
            "tables.py", ["compare", source.url, target.url, "packages=packages=5000"])
    }
}
