import Testing

/// The embedded server as an independent client sees it.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct ServeTests {
    /// Every operation, its refusals, and a parallel scan under faults.
    @Test(.timeLimit(.minutes(20))) func `boto3 works against the embedded server`() async throws {
        let faithful = try Server.serve()
        let faulty = try Server.serve([
            "--seed", "7", "--faults",
            "error=0.05,throttle=0.1,unprocessed=0.3,drop=0.02,truncate=0.02,corrupt=0.02",
        ])
        try await Programs.runScript(
            "boto3_against_serve.py",
            ["--endpoint", faithful.url, "--faulty-endpoint", faulty.url])
    }

    /// Tables, their settings and who may touch them.
    @Test(.timeLimit(.minutes(20))) func `boto3 manages tables of the embedded server`()
        async throws
    {
        let open = try Server.serve()
        let slow = try Server.serve(["--settle-ms", "600"])
        let guarded = try Server.serve([
            "--access", "AKIDREADER:one:read", "--access", "AKIDWRITER:two:write",
            "--access", "AKIDLIMITED:three:write:BatchWriteItem,TagResource",
            "--access", "AKIDNOBODY:four:none", "--without", "UpdateTimeToLive,DescribeTimeToLive",
        ])
        try await Programs.runScript(
            "boto3_control_plane.py",
            ["--endpoint", open.url, "--slow", slow.url, "--guarded", guarded.url])
    }

    /// Goal: native imports are as others know them.
    /// Method: the same objects and requests for ours, moto and ministack, as far as these go.
    @Test(.timeLimit(.minutes(20)))
    func `an import of the embedded server ends as that of others`() async throws {
        let ours = try Server.serve()
        try await Programs.runScript(
            "imports.py",
            [ours.url, try Emulator.moto.server.url, try Emulator.ministack.server.url])
    }

    /// What exports hold, how they are found, and who may ask for them.
    @Test(.timeLimit(.minutes(20))) func `boto3 exports tables of the embedded server`()
        async throws
    {
        let open = try Server.serve(["--bucket", "things", "--export-ms", "200"])
        let guarded = try Server.serve([
            "--bucket", "things", "--fail-exports", "S3AccessDenied:1",
            "--access", "AKIDREADER:one:read", "--access", "AKIDWRITER:two:write",
            "--access", "AKIDLIMITED:three:write:PutObject",
        ])
        try await Programs.runScript(
            "boto3_exports.py", ["--endpoint", open.url, "--guarded", guarded.url])
    }

    /// What dynaferry copies from server to server is not seen by dynaferry alone.
    @Test(.timeLimit(.minutes(20)))
    func `what boto3 puts into the embedded server is what boto3 finds in the copy`() async throws {
        let server = try Server.serve()
        let shapes = ["S", "N", "B", "SS", "SN", "NB", "BS", "indexed", "provisioned", "large"]
        try await Programs.runScript(
            "tables.py", ["fill", server.url] + shapes.map { "from-\($0)=\($0)=60" })
        for shape in shapes {
            let result = try await Programs.copy(
                "from-\(shape)", at: server.url, to: "into-\(shape)", at: server.url)
            #expect(result.status == 0, result.text)
        }
        try await Programs.runScript(
            "tables.py",
            ["compare", server.url, server.url] + shapes.map { "from-\($0)=into-\($0)=60" })
    }
}
