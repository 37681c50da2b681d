import AWS
import Connectors
import DynamoModel
import Flow
import JSON
import LocalAWS
import S3
import Status
import System
import TestSupport
import Testing

@testable import Transfer

/// Goal: there is no request to a bucket whose failure, of whichever kind, loses an item, spoils an
/// export, or leaves a job that can't be resumed.
/// Method: the first request of an export, and then of an import, meets the fault, then in another
/// one the second, and so on, as in ``FaultSweepTests``.
@Suite(.timeLimit(.minutes(20))) struct FilesSweepTests {
    private static let items = 40
    /// More requests than either takes.
    private static let requestsMax = 60

    /// A fault, and what a copy may make of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let fault: Fault
        /// The copy goes on as if nothing had been.
        var isPassing = true

        static let denied = Case(
            testDescription: "denied",
            fault: .reply(
                status: 403, contentType: "application/xml",
                body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
            isPassing: false)

        static let all = [
            Case(testDescription: "500", fault: .error),
            Case(testDescription: "503", fault: .throttle),
            Case(testDescription: "closed before the work", fault: .dropBefore),
            Case(testDescription: "closed after the work", fault: .dropAfter),
            Case(testDescription: "reset before the work", fault: .resetBefore),
            Case(testDescription: "reset after the work", fault: .resetAfter),
            Case(testDescription: "truncated", fault: .truncate),
            // A part of a file has no checksum but the file's own.
            Case(testDescription: "corrupted byte", fault: .corrupt, isPassing: false),
            Case(testDescription: "wrong checksum", fault: .wrongChecksum),
            Case(testDescription: "stalled", fault: .stall),
            Case(testDescription: "error in a reply of 200", fault: .errorInReply),
            Case(testDescription: "redirected", fault: .redirect(isPermanent: false)),
            Case(
                testDescription: "redirected for good", fault: .redirect(isPermanent: true),
                isPassing: false),
            Case(testDescription: "changed", fault: .changed, isPassing: false),
            denied,
        ]
    }

    /// Strikes the request of one number, counted from 0 once it is armed.
    private final class S3Strike: Sendable {
        private let fault: Fault
        private let number: Int
        private let asked = Locked<[String]?>(nil)

        init(_ fault: Fault, at number: Int) {
            self.fault = fault
            self.number = number
        }

        func arm() { asked.withLock { $0 = [] } }
        func disarm() { asked.withLock { $0 = nil } }

        func meet(_ event: S3Event) -> Fault? {
            asked.withLock { asked in
                guard let count = asked?.count else { return nil }
                asked?.append("\(event.operation) \(event.key ?? "")")
                return count == number ? fault : nil
            }
        }

        /// What was struck; nil when there was no such request.
        var victim: String? {
            asked.withLock { ($0?.count ?? 0) > number ? $0?[number] : nil }
        }
    }

    @Test(arguments: Case.all)
    func `whichever request of an export fails, it is whole, or ends with the reason`(
        swept: Case
    ) async throws {
        try await sweep(swept) { site, strike, place in
            strike.arm()
            let end = try await Self.end { try await site.export { $0.segments = 2 } }
            let victim = strike.victim
            strike.disarm()
            if end != .completed {
                #expect(victim != nil && !swept.isPassing, "\(place): \(end)")
                Self.expectReason(end, place)
                let again = try await Self.end { try await site.export { $0.segments = 2 } }
                #expect(again == .completed, "\(place): \(again)")
            }
            let export = try await site.read(patience: .seconds(60))
            #expect(export.items == Self.items && export.notes.isEmpty, place)
            return victim
        }
    }

    @Test(arguments: Case.all)
    func `whichever request of an import fails, it is exact, or ends with the reason`(
        swept: Case
    ) async throws {
        try await sweep(swept) { site, strike, place in
            let out = try await Self.end { try await site.export { $0.segments = 2 } }
            #expect(out == .completed)
            strike.arm()
            let end = try await Self.end {
                try await site.importing(try await site.read(patience: .seconds(60)))
            }
            let victim = strike.victim
            strike.disarm()
            if end != .completed {
                #expect(victim != nil && !swept.isPassing, "\(place): \(end)")
                Self.expectReason(end, place)
                let again = try await Self.end {
                    try await site.importing(try await site.read(patience: .seconds(60)))
                }
                #expect(again == .completed, "\(place): \(again)")
            }
            site.fixture.expectEqual()
            return victim
        }
    }

    /// Strikes each request in turn, until there is none of that number.
    /// - Parameter body: gives what was struck.
    private func sweep(
        _ swept: Case, _ body: (FilesFixture, S3Strike, Comment) async throws -> String?
    ) async throws {
        var configuration = HTTPEngine.Configuration()
        (configuration.totalTimeout, configuration.stallTimeout) = (.milliseconds(400), .seconds(1))
        for number in 0..<Self.requestsMax {
            let strike = S3Strike(swept.fault, at: number)
            let site = try await FilesFixture(bucket: "dumps", engine: configuration) { options in
                options.s3Hook = { strike.meet($0) }
            }
            try site.load("source", FilesFixture.items(Self.items))
            try site.load("target", [])
            let place = Comment(
                rawValue: "\(swept.testDescription) on request \(number)")
            guard try await body(site, strike, place) != nil else {
                return #expect(number > 4, "\(number) requests")
            }
        }
        Issue.record("there are more requests than \(Self.requestsMax)")
    }

    /// How a copy ended: with what it says, or completed.
    private enum End: Equatable {
        case completed
        case failed(FlowFailure)
    }

    private static func end(_ make: () async throws -> Job) async throws -> End {
        do {
            let status = try await make().run()
            switch status.outcome {
            case .completed:
                #expect(status.counters.deadLetters == 0)
                return .completed
            case .failed(let failure): return .failed(failure)
            case .stopped:
                Issue.record("nobody asked for a stop")
                return .completed
            }
        } catch let failure as FlowFailure {
            return .failed(failure)
        } catch let refusal as CopyRefusal {
            return .failed(FlowFailure(.giveUp, code: "Refused", message: refusal.message))
        }
    }

    private static func expectReason(_ end: End, _ place: Comment) {
        guard case .failed(let failure) = end else { return }
        let text = "\(failure.code) \(failure.message)"
        #expect(
            ["AccessDenied", "changed", "PermanentRedirect", "damaged", "BadManifest"].contains {
                text.contains($0)
            },
            "\(place): \(text)")
    }
}
