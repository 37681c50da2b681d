import Pacing
import System
import Testing

@testable import LocalAWS

@Suite(.timeLimit(.minutes(20))) struct S3ListingTests {
    // MARK: The value

    private static func keys(_ texts: [String]) -> [ObjectKey] {
        texts.map { ObjectKey($0) }.sorted()
    }

    /// All pages, their keys and common prefixes in one.
    private static func pages(
        _ listing: ObjectListing, of keys: [ObjectKey]
    ) -> (texts: [String], pages: Int) {
        var (listing, texts, count) = (listing, [String](), 0)
        while true {
            let page = listing.page(of: keys)
            count += 1
            texts += (page.keys + page.commonPrefixes).sorted().map(\.text)
            guard page.isTruncated, let last = page.last else { return (texts, count) }
            listing.after = last
        }
    }

    @Test func `keys stand in the order of their bytes`() {
        let texts = [
            "a", "a-", "a/", "a/b", "aa", "Z", "z", "\u{E9}", "e\u{301}", "\u{1F600}", "\u{FFFD}",
        ]
        let sorted = Self.keys(texts).map(\.text)
        // é alone, é by two characters and U+FFFD before U+1F600: as bytes, not as characters.
        #expect(
            sorted.map { Array($0.utf8) }
                == texts.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(Set(Self.keys(texts)).count == texts.count)
    }

    @Test func `a delimiter makes one of all keys behind it`() {
        let keys = Self.keys(["a", "b/1", "b/2", "b/c/3", "d//e", "f"])
        func list(_ prefix: String, _ delimiter: String) -> [String] {
            let listing = ObjectListing(
                prefix: ObjectKey(prefix), delimiter: ObjectKey(delimiter), limit: 1000)
            return Self.pages(listing, of: keys).texts
        }
        #expect(list("", "/") == ["a", "b/", "d/", "f"])
        #expect(list("b/", "/") == ["b/1", "b/2", "b/c/"])
        #expect(list("b", "") == ["b/1", "b/2", "b/c/3"])
        #expect(list("d/", "/") == ["d//"])
        #expect(list("", "//") == ["a", "b/1", "b/2", "b/c/3", "d//", "f"])
        #expect(list("x", "/") == [])
    }

    /// Goal: whatever the size of a page, all keys come, each once, in order.
    @Test func `pages of any size together are the whole listing`() {
        for seed in UInt64(1)...200 {
            var generator = SeededGenerator(seed: seed)
            let letters = ["a", "b", "/", "-", "\u{E9}"]
            let texts = (0..<40).map { _ in
                (0...Int(generator.next() % 5)).map { _ in
                    letters[Int(generator.next() % UInt64(letters.count))]
                }.joined()
            }
            let keys = Array(Set(Self.keys(texts))).sorted()
            for delimiter in ["", "/", "b", "a/"] {
                let prefix = ["", "a", "/"][Int(generator.next() % 3)]
                var listing = ObjectListing(
                    prefix: ObjectKey(prefix), delimiter: ObjectKey(delimiter), limit: 1000)
                let whole = Self.pages(listing, of: keys)
                #expect(whole.pages == 1)
                for limit in [1, 2, 3, 7] {
                    listing.limit = limit
                    let cut = Self.pages(listing, of: keys)
                    #expect(cut.texts == whole.texts, "seed \(seed), \(delimiter), \(limit)")
                    #expect(cut.pages == max(1, (whole.texts.count + limit - 1) / limit))
                }
            }
        }
    }

    // MARK: The wire

    @Test(arguments: S3Site.Place.allCases)
    func `no page has more than 1,000 keys, and the pages have all`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            for number in 0..<1203 {
                try site.server.put([], as: "k\(10_000 + number)", in: "things")
            }
            let first = try site.call("GET", "/things?list-type=2&max-keys=5000")
            #expect(first.element("KeyCount") == "1000" && first.element("MaxKeys") == "1000")
            #expect(first.element("IsTruncated") == "true")
            let token = try #require(first.element("NextContinuationToken"))
            let query = PercentText.encode(token.utf8)
            let rest = try site.call("GET", "/things?list-type=2&continuation-token=\(query)")
            #expect(rest.element("IsTruncated") == "false")
            #expect(rest.element("ContinuationToken") == token)
            let all = S3Site.keys(first) + S3Site.keys(rest)
            #expect(all == (0..<1203).map { "k\(10_000 + $0)" })
            let none = try site.call("GET", "/things?list-type=2&max-keys=0")
            #expect(none.element("IsTruncated") == "false" && none.element("KeyCount") == "0")
            let after = try site.call("GET", "/things?list-type=2&start-after=k11201")
            #expect(S3Site.keys(after) == ["k11202"] && after.element("StartAfter") == "k11201")
            let old = try site.call("GET", "/things?marker=k11200&max-keys=1")
            #expect(S3Site.keys(old) == ["k11201"] && old.element("IsTruncated") == "true")
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `a listing tells of each object what is known`(place: S3Site.Place) throws {
        try S3Site.with(place) { site in
            let put = try site.call("PUT", "/things/a%20b%2Bc/d%C3%A9%01", "hello")
            try site.call("PUT", "/things/z", "x")
            let list = try site.call(
                "GET", "/things?list-type=2&encoding-type=url&fetch-owner=true&prefix=a%20b%2B")
            let object = try #require(list.elements("Contents").first)
            #expect(object.text(of: "Key") == "a+b%2Bc/d%C3%A9%01")
            #expect(object.text(of: "ETag") == "\"\(put.etag)\"")
            #expect(object.text(of: "Size") == "5")
            #expect(object.text(of: "StorageClass") == "STANDARD")
            #expect(object.text(of: "LastModified")?.hasSuffix(".000Z") == true)
            #expect(list.element("Prefix") == "a+b%2B" && list.element("KeyCount") == "1")
            let folders = try site.call("GET", "/things?list-type=2&delimiter=/")
            #expect(folders.elements("CommonPrefixes").map { $0.text(of: "Prefix") } == ["a b+c/"])
            #expect(folders.element("KeyCount") == "2")
        }
    }

    @Test(arguments: [
        "list-type=1", "list-type=2&max-keys=-1", "list-type=2&max-keys=x",
        "list-type=2&encoding-type=xml", "list-type=2&continuation-token=hello",
        "list-type=2&continuation-token=1x",
    ])
    func `a listing that makes no sense is refused`(query: String) throws {
        try S3Site.with { site throws in
            #expect(try site.call("GET", "/things?\(query)").code == "InvalidArgument")
        }
    }
}
