import Testing

@testable import Arguments
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

    @Test(arguments: [[], ["--via-files"]])
    func `the demo's copies are coloured as it is`(options: [String]) throws {
        let arguments = try DemoArguments(parsing: options + ["--color", "never"])
        for words in arguments.copies(endpoint: "http://127.0.0.1:1") {
            let option = try #require(words.firstIndex(of: "--color"))
            #expect(words[option + 1] == "never")
        }
    }
}
