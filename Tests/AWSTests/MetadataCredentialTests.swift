import Foundation
import TestSupport
import Testing

@testable import AWS

/// Goal: containers' and instances' credentials are had as their services want to be asked, and
/// nowhere else. Method: servers on loopback that speak the two protocols.
@Suite(.timeLimit(.minutes(20))) struct MetadataCredentialTests {
    private let home: CredentialHome

    init() throws { home = try CredentialHome() }

    private func document(_ key: String, seconds: Int = 21_600) -> String {
        """
        {"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"\(key)","SecretAccessKey":"S",\
        "Token":"T","Expiration":"\(home.clock.after(seconds).iso8601)"}
        """
    }

    // MARK: containers

    private func container(
        _ script: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer
    ) throws -> (ScriptedServer, [String: String]) {
        let server = try ScriptedServer(script)
        return (server, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/creds?id=1"])
    }

    @Test func `a container's endpoint is asked with its token, read anew each time`() async throws
    {
        let reply = Canned.reply(document("CK", seconds: 3_600))
        let (server, variables) = try container { _ in .bytes(reply) }
        defer { server.stop() }
        let file = try home.write("auth", "token-1")
        let provider = try home.provider(
            .init(),
            variables.merging([
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
            ]) { $1 })
        let first = try await provider.credentials()
        #expect(first.accessKeyID == "CK" && first.sessionToken == "T")
        #expect(server.requests[0].target == "/creds?id=1")
        try home.write("auth", "token-2")
        provider.forget(first)
        _ = try await provider.credentials()
        #expect(server.requests.map { $0.header("Authorization") } == ["token-1", "token-2"])
    }

    @Test func `a container's faults are passing or told`() async throws {
        let reply = Canned.reply(document("CK"))
        let (shaky, variables) = try container { request in
            request.number == 0 ? .bytes(Canned.reply("", status: 500)) : .bytes(reply)
        }
        defer { shaky.stop() }
        #expect(try await home.provider(.init(), variables).credentials().accessKeyID == "CK")
        let (refusing, others) = try container { _ in
            .bytes(Canned.reply("SECRET", status: 403))
        }
        defer { refusing.stop() }
        let error = await home.failure(.init(), others)
        #expect(error?.message.contains("status 403") == true)
        #expect(error?.description.contains("SECRET") == false)
        let broken = try home.write("auth", "token\r\nX-Evil: 1")
        let injected = await home.failure(
            .init(), variables.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": broken]) { $1 })
        #expect(injected?.message.contains("line ends") == true)
        #expect(injected?.description.contains("Evil") == false)
    }

    @Test(arguments: [
        ("http://example.com/x", false), ("http://10.0.0.1/x", false), ("ftp://127.0.0.1/", false),
        ("http://169.254.170.2.example.com/", false), ("http://u@169.254.170.2/", false),
        ("nonsense", false), ("https://example.com/x", true), ("http://169.254.170.23/v1", true),
        ("http://[fd00:ec2::23]/v1", true), ("http://localhost:9/x", true),
        ("http://[::1]:80", true), ("http://169.254.170.2", true),
    ])
    func `plain http is for addresses that stay on the machine`(url: String, isTaken: Bool) {
        let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]
        #expect(((try? home.provider(.init(), variables)) != nil) == isTaken)
    }

    @Test func `credential_source may name the container`() async throws {
        let reply = Canned.reply(document("CK"))
        let (server, variables) = try container { _ in .bytes(reply) }
        defer { server.stop() }
        let sts = try STSServer()
        try home.config(
            "[profile c]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = EcsContainer\n")
        let provider = try home.provider(
            .init(profile: "c"), variables.merging(sts.environment) { $1 })
        #expect(try await provider.credentials().accessKeyID == "CK.r")
    }

    // MARK: instances

    /// - Parameter token: the status with which a token is answered.
    private func instance(
        token status: Int = 200, role: String = "my-role\n", document: String? = nil
    ) throws -> ScriptedServer {
        let document = document ?? self.document("IK")
        return try ScriptedServer { request in
            let path = "/latest/meta-data/iam/security-credentials/"
            if request.target == "/latest/api/token" {
                let isRight =
                    request.method == "PUT"
                    && request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
                return .bytes(
                    status == 200 && isRight
                        ? Canned.reply("TOKEN==") : Canned.reply("", status: status))
            }
            let wanted = status == 200 ? "TOKEN==" : nil
            guard request.header("x-aws-ec2-metadata-token") == wanted else {
                return .bytes(Canned.reply("", status: 401))
            }
            switch request.target {
            case path: return .bytes(Canned.reply(role))
            case path + "my-role": return .bytes(Canned.reply(document))
            default: return .bytes(Canned.reply("", status: 404))
            }
        }
    }

    private func variables(_ server: ScriptedServer) -> [String: String] {
        [
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url + "/",
            "AWS_EC2_METADATA_DISABLED": "false",
        ]
    }

    @Test(arguments: [200, 403, 404, 405])
    func `an instance's role is found by version 2, or by 1 where there is no 2`(
        status: Int
    ) async throws {
        let server = try instance(token: status)
        defer { server.stop() }
        let provider = try home.provider(.init(), variables(server))
        let credentials = try await provider.credentials()
        #expect(credentials.accessKeyID == "IK" && credentials.sessionToken == "T")
        #expect(provider.origin == "instance metadata")
        #expect(server.requests.count == 3)
    }

    @Test func `version 1 can be forbidden, and all of it turned off`() async throws {
        let server = try instance(token: 404)
        defer { server.stop() }
        let forbidden = variables(server).merging(["AWS_EC2_METADATA_V1_DISABLED": "true"]) { $1 }
        #expect(await home.failure(.init(), forbidden)?.message == "no credentials")
        #expect(server.requests.count == 1)
        let off = variables(server).merging(["AWS_EC2_METADATA_DISABLED": "TRUE"]) { $1 }
        #expect(await home.failure(.init(), off) != nil)
        #expect(server.requests.count == 1)
        try home.config(
            "[profile i]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Ec2InstanceMetadata"
        )
        let error = await home.failure(.init(profile: "i"), off)
        #expect(error?.message.contains("turned off") == true)
    }

    @Test func `errors that come with status 200 are errors`() async throws {
        try home.config(
            "[profile i]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Ec2InstanceMetadata"
        )
        for (document, words) in [
            (#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"x"}"#, "UnauthorizedAccess"),
            ("<html>", "no JSON"), (#"{"AccessKeyId":"A"}"#, "missing"),
        ] {
            let server = try instance(document: document)
            defer { server.stop() }
            let error = await home.failure(.init(profile: "i"), variables(server))
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        let server = try instance(role: "")
        defer { server.stop() }
        let error = await home.failure(.init(profile: "i"), variables(server))
        #expect(
            error?.message.contains("status 200") == true
                || error?.message.contains("no role") == true)
    }

    /// The metadata service may hand out old credentials while it can't make new ones.
    @Test func `an instance's credentials that have ended already are used`() async throws {
        let server = try instance(document: document("IK", seconds: -60))
        defer { server.stop() }
        let provider = try home.provider(.init(), variables(server))
        #expect(try await provider.credentials().accessKeyID == "IK")
        #expect(try await provider.credentials().accessKeyID == "IK")
        #expect(server.requests.count == 3)
    }

    @Test func `a service that does not answer is given up, and version 1 not tried`() async throws
    {
        let server = try ScriptedServer { _ in .bytesAndStall([]) }
        defer { server.stop() }
        #expect(await home.failure(.init(), variables(server))?.message == "no credentials")
        #expect(server.requests.count == 1)  // no answer is no word on versions
    }

    @Test func `the chain goes from the environment to the instance`() async throws {
        let instance = try instance()
        defer { instance.stop() }
        let reply = Canned.reply(document("CK"))
        let (container, containerVariables) = try container { _ in .bytes(reply) }
        defer { container.stop() }
        var environment = variables(instance)
        func key() async throws -> String {
            try await home.provider(.init(), environment).credentials().accessKeyID
        }
        #expect(try await key() == "IK")
        environment.merge(containerVariables) { $1 }
        #expect(try await key() == "CK")
        try home.config("[default]\naws_access_key_id = FK\naws_secret_access_key = S\n")
        #expect(try await key() == "FK")
        try home.config(
            "[default]\naws_access_key_id = FK\naws_secret_access_key = S\ncredential_process = sh "
                + #"-c 'echo "$0"' '{"Version":1,"AccessKeyId":"PK","SecretAccessKey":"S"}'"#)
        #expect(try await key() == "PK")
        try home.credentialsFile("[default]\naws_access_key_id = SK\naws_secret_access_key = S\n")
        #expect(try await key() == "SK")
        let sts = try STSServer()
        environment.merge(sts.environment) { $1 }
        environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = try home.write("token", "token")
        environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/e"
        #expect(try await key() == "WEB.e")
        environment["AWS_ACCESS_KEY_ID"] = "EK"
        environment["AWS_SECRET_ACCESS_KEY"] = "S"
        #expect(try await key() == "EK")
    }
}
