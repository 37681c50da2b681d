import System

/// When credentials that end are to be renewed: a value that decides, without clock or I/O.
///
/// | time before their end | what happens |
/// |---|---|
/// | 15 minutes | a renewal is tried; while it fails or runs, the old ones are used |
/// | 10 minutes | everybody waits for it; when it fails, the old ones are used |
/// | none | they are of no use: without a renewal there is an error |
///
/// The times are botocore's. Sessions of under an hour have less, in proportion: a quarter and a
/// sixth of what they were good for.
package struct RenewalSchedule: Equatable, Sendable {
    package enum Phase: Equatable, Sendable {
        case fresh
        case ahead
        case pressing
        case ended
    }

    /// Seconds since 1970 at which each phase begins.
    package let ahead: Int
    package let pressing: Int
    package let end: Int

    /// Credentials can arrive when they have ended already, by the clock of this machine: it may be
    /// wrong, or the metadata service hands out old ones while it can't make new ones, which AWS
    /// then honours. They are used until AWS refuses them, and asked for again in five minutes.
    package init(expiration: UTCTime, fetchedAt: UTCTime) {
        let start = fetchedAt.secondsSinceEpoch
        let left = expiration.secondsSinceEpoch - start
        guard left > 0 else {
            ahead = start + 300
            pressing = .max
            end = .max
            return
        }
        end = expiration.secondsSinceEpoch
        ahead = end - max(1, min(900, left / 4))
        pressing = end - max(1, min(600, left / 6))
    }

    package func phase(at now: UTCTime) -> Phase {
        let now = now.secondsSinceEpoch
        return now >= end ? .ended : now >= pressing ? .pressing : now >= ahead ? .ahead : .fresh
    }

    /// Seconds between two attempts that fail.
    package func pause(in phase: Phase) -> Int {
        switch phase {
        case .fresh, .ahead: max(1, min(60, (min(pressing, ahead + 300) - ahead) / 5))
        case .pressing, .ended: max(1, min(10, (end - pressing) / 30))
        }
    }
}
