import Foundation
import HTTPServer
import System
import TestSupport
import Testing

@testable import LocalAWS

/// Objects as files: what others see of them, and what they may do to them.
@Suite(.timeLimit(.minutes(20))) struct FolderObjectStoreTests {
    private static let oddKeys = [
        "a", "a/b", "a/b/c", "a//b", "/a", "/", "//", "a/", ".", "..", "../x", "a/../../b", "./a",
        "...", "%", "%41", "%2E%2E", "a%-", "a%+/b", "%_", "a b", "e\u{301}", "\u{E9}",
        "\u{1}\u{7F}",
        "a\nb", "~", "*?<>|:\"\\", "\u{1F600}", String(repeating: "k", count: 1024),
        String(repeating: "\u{E9}", count: 512), String(repeating: "%", count: 1024),
        String(repeating: "/", count: 1024), String(repeating: "ab/", count: 341), ".s3", "lock",
    ]

    @Test func `every key has a path of its own, and the path its key`() {
        // As bytes: to a String the two spellings of é are one.
        var paths: Set<[UInt8]> = []
        for text in Self.oddKeys {
            let key = ObjectKey(text)
            let path = KeyPath(key)
            let names = path.folders + [path.file]
            #expect(KeyPath.key(folders: path.folders, file: path.file) == key, "\(names)")
            #expect(paths.insert(Array(names.joined(separator: "/").utf8)).inserted)
            for name in names {
                #expect((1...255).contains(name.utf8.count))
                #expect(name != "." && name != ".." && !name.contains("/"))
            }
        }
    }

    @Test func `names that the server does not write are no objects`() {
        for (folders, file) in [
            ([], "%"), ([], "%zz"), ([], "%41"), ([], "%2e"), (["%_"], "%"), ([], "%_"),
            (["a%+"], "b"), ([], "%FF"),
        ] as [([String], String)] {
            #expect(KeyPath.key(folders: folders, file: file) == nil, "\(folders) \(file)")
        }
    }

    private func with(
        _ folder: TemporaryFolder, _ body: (S3Site) throws -> Void
    ) throws {
        try S3Site.with(options: .with { $0.s3Folder = folder.path("s3") }, body)
    }

    @Test func `objects of odd keys stay in the folder, and are found after a restart`() throws {
        let folder = try TemporaryFolder()
        let outside = try folder.names()
        try with(folder) { site in
            for (place, key) in Self.oddKeys.enumerated() {
                let path = PercentText.encode(Array(key.utf8), keeping: "")
                let put = try site.call(
                    "PUT", "/things/\(path)", "\(place)", headers: ["x-amz-meta-place: \(place)"])
                #expect(put.status == 200, "\(key): \(put.text)")
            }
        }
        #expect(try folder.names() == outside + ["s3"])
        try with(folder) { site in
            #expect(
                site.server.keys(in: "things").map { Array($0.utf8) }
                    == Self.oddKeys.map { Array($0.utf8) }.sorted {
                        $0.lexicographicallyPrecedes($1)
                    })
            for (place, key) in Self.oddKeys.enumerated() {
                let path = PercentText.encode(Array(key.utf8), keeping: "")
                let reply = try site.call("GET", "/things/\(path)")
                #expect(reply.text == "\(place)", "\(key)")
                #expect(reply.headers["x-amz-meta-place"] == "\(place)", "\(key)")
                try site.call("DELETE", "/things/\(path)")
            }
            #expect(site.server.keys(in: "things") == [])
            // No folder is left behind either.
            #expect(try site.call("DELETE", "/things").status == 204)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("s3")) == [".s3"])
    }

    @Test func `an object is a file of its name, and another's file is an object`() throws {
        let folder = try TemporaryFolder()
        try with(folder) { site in
            try site.call("PUT", "/things/data/a.json", "mine")
            let file = folder.path("s3/things/data/a.json")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
            try "theirs".write(
                toFile: folder.path("s3/things/data/b.json"), atomically: true, encoding: .utf8)
            let read = try site.call("GET", "/things/data/b.json")
            #expect(read.text == "theirs")
            #expect(read.etag == Hex.text(MD5.hash(Array("theirs".utf8))))
            #expect(read.headers["x-amz-checksum-crc64nvme"] == nil)
            let list = try site.call("GET", "/things?list-type=2")
            #expect(S3Site.keys(list) == ["data/a.json", "data/b.json"])
            // What was known of the file that it replaces no longer holds.
            try "changed".write(toFile: file, atomically: true, encoding: .utf8)
            let changed = try site.call("GET", "/things/data/a.json")
            #expect(changed.text == "changed")
            #expect(changed.etag == Hex.text(MD5.hash(Array("changed".utf8))))
            try FileManager.default.createDirectory(
                atPath: folder.path("s3/their-bucket"), withIntermediateDirectories: false)
            #expect(try site.call("HEAD", "/their-bucket").status == 200)
        }
    }

    @Test func `links out of the folder lead nowhere`() throws {
        let folder = try TemporaryFolder()
        try "secret".write(toFile: folder.path("secret"), atomically: true, encoding: .utf8)
        try with(folder) { site in
            let files = FileManager.default
            try files.createSymbolicLink(
                atPath: folder.path("s3/things/link"), withDestinationPath: folder.path("secret"))
            try files.createSymbolicLink(
                atPath: folder.path("s3/things/up"), withDestinationPath: folder.path(""))
            for key in ["link", "up/secret"] {
                #expect(try site.call("GET", "/things/\(key)").code == "NoSuchKey")
            }
            #expect(try site.call("PUT", "/things/up/secret", "x").status == 500)
            #expect(try site.call("PUT", "/things/link", "x").status == 200)
            #expect(S3Site.keys(try site.call("GET", "/things")) == ["link"])
        }
        #expect(try String(contentsOfFile: folder.path("secret"), encoding: .utf8) == "secret")
    }

    @Test func `what is no record counts for nothing`() throws {
        let folder = try TemporaryFolder()
        try with(folder) { site in
            try site.call("PUT", "/things/k", "hello", headers: ["x-amz-meta-a: 1"])
            let records = folder.path("s3/.s3/buckets/things/objects")
            let name = ObjectRecord.name(of: ObjectKey("k"))
            for text in ["", "{}", "[1]", String(repeating: " ", count: 70_000)] {
                try text.write(
                    toFile: "\(records)/\(name)", atomically: true, encoding: .utf8)
                let reply = try site.call("GET", "/things/k")
                #expect(reply.text == "hello" && reply.headers["x-amz-meta-a"] == nil)
                #expect(reply.etag == "5d41402abc4b2a76b9719d911017c592")
            }
        }
    }

    @Test func `parts that nobody completes are gone with the server`() throws {
        let folder = try TemporaryFolder()
        let aside = folder.path("s3/.s3/aside")
        try with(folder) { site in
            let begun = try site.call("POST", "/things/k?uploads")
            let id = try #require(begun.element("UploadId"))
            try site.call("PUT", "/things/k?partNumber=1&uploadId=\(id)", "x")
            #expect(try FileManager.default.contentsOfDirectory(atPath: aside).count == 1)
            try site.call("DELETE", "/things/k?uploadId=\(id)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: aside) == [])
            #expect(try site.call("PUT", "/things/k", "x", headers: ["If-Match: a"]).status == 404)
            #expect(try FileManager.default.contentsOfDirectory(atPath: aside) == [])
            try "left".write(toFile: "\(aside)/9", atomically: true, encoding: .utf8)
        }
        try with(folder) { _ in
            let left = try FileManager.default.contentsOfDirectory(atPath: aside)
            #expect(left == [])
        }
    }

    @Test func `two servers can't have one folder`() throws {
        let folder = try TemporaryFolder()
        try with(folder) { _ in
            #expect {
                try with(folder) { _ in }
            } throws: { "\($0)".contains("another server") }
        }
        #expect(throws: ServerError.self) {
            try S3Site.with(options: .with { $0.s3Folder = folder.path("none/below") }) { _ in }
        }
    }
}
