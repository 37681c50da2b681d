import Testing

@testable import dynaferry

@Suite struct DemoEnvironmentTests {
    @Test func `the demo's children know nothing of their user's account and proxies`() {
        let environment = DemoCommand.environment([
            "PATH=/bin", "AWS_PROFILE=prod", "https_proxy=http://proxy", "NO_PROXY=*",
            "AWS_ENDPOINT_URL=http://x",
        ])
        #expect(environment.contains("PATH=/bin"))
        #expect(!environment.contains { $0.uppercased().contains("PROXY=") })
        #expect(!environment.contains { $0.hasPrefix("AWS_PROFILE") })
        #expect(!environment.contains { $0.hasPrefix("AWS_ENDPOINT") })
        #expect(environment.contains("AWS_REGION=us-east-1"))
    }
}
