import TestSupport
import Testing

/// The embedded S3 as an independent client sees it.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct ObjectTests {
    private static func makeCertificate(_ certificate: String, _ key: String) async throws {
        let result = try await Programs.run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", certificate,
        ])
        try #require(result.status == 0, result.text)
    }

    /// In memory, in a folder, by TLS with chunks and trailers, under faults.
    @Test(.timeLimit(.minutes(20))) func `boto3 works against the embedded S3`() async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.path("cert.pem"), folder.path("key.pem"))
        try await Self.makeCertificate(certificate, key)
        let plain = try Server.serve(["--bucket", "things", "--bucket", "far:eu-west-1"])
        let files = try Server.serve(["--bucket", "things", "--s3-dir", folder.path("s3")])
        let secure = try Server.serve([
            "--bucket", "things", "--tls", "\(certificate):\(key)", "--require-signature",
            "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ])
        let faulty = try Server.serve([
            "--bucket", "things", "--seed", "7", "--faults",
            "error=0.05,throttle=0.1,drop=0.02,truncate=0.02",
        ])
        try await Programs.runScript(
            "boto3_s3.py",
            [
                "--endpoint", plain.url, "--folder", files.url, "--secure", secure.url,
                "--certificate", certificate, "--faulty", faulty.url,
            ])
    }
}
