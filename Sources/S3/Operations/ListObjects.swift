import AWS
import DynamoModel
import System

/// An object as a listing has it.
package struct ListedObject: Equatable, Sendable {
    package var key: String
    package var size: Int
    package var etag: ETag?
    package var lastModified: UTCTime?
    package var storageClass: String?
}

/// Up to 1,000 objects, in the order of their keys' bytes where the server is AWS's: others have
/// been seen to sort otherwise.
package struct ObjectPage: Equatable, Sendable {
    package var objects: [ListedObject] = []
    /// What keys begin with, up to the first delimiter after the prefix: each once.
    package var commonPrefixes: [String] = []
    /// Leads to the next page; nil: there is none.
    var token: String?
}

/// The pages of a listing, one after another. (API reference, ListObjectsV2.)
///
/// ```
/// var pages = bucket.pages(prefix: "exports/")
/// while let page = try await pages.next() { ... }
/// ```
package struct ObjectPages: Sendable {
    fileprivate let client: BucketClient
    fileprivate let prefix: String
    private let query: [(name: String, value: String)]
    private var token: String?
    private var hasEnded = false
    private var loop = CursorLoop()

    static let rootName = "ListBucketResult"
    /// A thousand keys of 1,024 bytes, each of them encoded in three, and what is said of them.
    static let replyBytesMax = 8 << 20
    /// The most that AWS gives, whatever it is asked for.
    private static let keysMax = 1_000

    fileprivate init(
        _ client: BucketClient, prefix: String, after: String? = nil, delimiter: String? = nil,
        keysMax: Int = keysMax
    ) {
        self.client = client
        self.prefix = prefix
        // XML can't have all characters that keys can.
        var query = [("list-type", "2"), ("encoding-type", "url")]
        query.append(("max-keys", String(keysMax)))
        if !prefix.isEmpty { query.append(("prefix", prefix)) }
        if let after { query.append(("start-after", after)) }
        if let delimiter { query.append(("delimiter", delimiter)) }
        self.query = query
    }

    /// The next page, which may be empty; nil after the last.
    /// - Throws: ``AWSError``; also when a page does not lead on.
    package mutating func next() async throws(AWSError) -> ObjectPage? {
        if hasEnded { return nil }
        var call = BucketCall(.listObjects, .get)
        call.query = query
        if let token { call.query.append(("continuation-token", token)) }
        call.content = .document(Self.rootName)
        let page = try await page(call)
        if let next = page.token {
            guard loop.advance(to: Array(next.utf8)) else {
                throw client.error(
                    absurd: call, FieldDefect(text: "NextContinuationToken does not lead on"))
            }
        }
        token = page.token
        hasEnded = token == nil
        return page
    }

    /// A reply that makes no sense is asked for again, a few times.
    private func page(_ call: BucketCall) async throws(AWSError) -> ObjectPage {
        try await client.client.call(call.operation) { [client, prefix] limit in
            await client.attempt(call, bytesMax: Self.replyBytesMax, within: limit).flatMap {
                reply -> Result<ObjectPage, AWSError> in
                do throws(FieldDefect) {
                    return .success(try ObjectPage(reply.document, prefix: prefix))
                } catch {
                    return .failure(client.error(absurd: call, error))
                }
            }
        }
    }
}

extension ReadableBucket {
    /// - Parameter prefix: what keys begin with; empty: all.
    /// - Parameter after: only keys behind this one, in the order of their bytes.
    /// - Parameter delimiter: of keys that have it after the prefix only the beginning is listed.
    package func pages(
        prefix: String, after: String? = nil, delimiter: String? = nil
    ) -> ObjectPages {
        ObjectPages(reader.client, prefix: prefix, after: after, delimiter: delimiter)
    }

    /// Asks whether the bucket is there and may be listed below the prefix, and learns where it is.
    ///
    /// HeadBucket asks for the right to list all of it, which some callers lack.
    /// - Throws: ``AWSError``, ``AWSError/isMissing`` when there is no such bucket.
    package func probe(prefix: String = "") async throws(AWSError) {
        var pages = ObjectPages(reader.client, prefix: prefix, keysMax: 1)
        _ = try await pages.next()
    }

    /// All objects whose keys begin with `prefix`.
    /// - Throws: ``AWSError``, also when there are more than `countMax`.
    package func objects(prefix: String, countMax: Int) async throws(AWSError) -> [ListedObject] {
        var objects: [ListedObject] = []
        var pages = pages(prefix: prefix)
        while let page = try await pages.next() {
            objects += page.objects
            guard objects.count <= countMax else {
                throw reader.client.error(
                    notSending: BucketCall(.listObjects, .get, key: prefix),
                    "there are more than \(countMax) objects")
            }
        }
        return objects
    }
}

extension ObjectPage {
    /// It goes into the next request's URL.
    private static let tokenBytesMax = 8_192

    /// - Throws: what makes no sense in it.
    init(_ document: XMLTree?, prefix: String) throws(FieldDefect) {
        guard let document else { throw FieldDefect(text: "there is no document") }
        let isEncoded = document.text(of: "EncodingType")?.lowercased() == "url"
        for entry in document.all("Contents") {
            objects.append(try ListedObject(entry, prefix: prefix, isEncoded: isEncoded))
        }
        for entry in document.all("CommonPrefixes") {
            commonPrefixes.append(try entry.name(in: "Prefix", isEncoded: isEncoded))
        }
        // Without a word on it a list may lack objects.
        switch document.text(of: "IsTruncated") {
        case "false": return
        case "true": break
        case let other:
            throw FieldDefect(text: "IsTruncated is \(other?.printable ?? "missing")")
        }
        token = document.text(of: "NextContinuationToken")
        guard let token, (1...Self.tokenBytesMax).contains(token.utf8.count) else {
            throw FieldDefect(text: "NextContinuationToken is missing from a list that goes on")
        }
    }
}

extension ListedObject {
    fileprivate init(
        _ entry: XMLTree, prefix: String, isEncoded: Bool
    ) throws(FieldDefect) {
        key = try entry.name(in: "Key", isEncoded: isEncoded)
        guard !key.isEmpty, key.utf8.starts(with: prefix.utf8) else {
            throw FieldDefect(text: "Key is \(key.printable), which was not asked for")
        }
        let sizeText = entry.text(of: "Size") ?? ""
        guard let bytes = CheckedNumber.int(sizeText, in: 0...ObjectLimits.objectBytesMax) else {
            throw FieldDefect(text: "Size of \(key.printable) is \"\(sizeText.printable)\"")
        }
        size = bytes
        etag = entry.text(of: "ETag").flatMap { ETag($0) }
        lastModified = entry.text(of: "LastModified").flatMap(UTCTime.init(iso8601:))
        storageClass = entry.text(of: "StorageClass")
    }
}

extension XMLTree {
    /// A key or what keys begin with.
    fileprivate func name(in element: String, isEncoded: Bool) throws(FieldDefect) -> String {
        guard let text = text(of: element) else {
            throw FieldDefect(text: "\(element) is missing")
        }
        guard isEncoded else { return text }
        guard let name = text.withoutURLEncoding else {
            throw FieldDefect(text: "\(element) is \(text.printable)")
        }
        return name
    }
}

extension String {
    /// Undoes what S3 does to names in lists, which is what forms do: blanks are plus signs. Nil
    /// for what is no such text.
    var withoutURLEncoding: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}

extension Operation {
    static let listObjects = Operation(s3: "ListObjectsV2", right: "ListBucket", mutates: false)
}
