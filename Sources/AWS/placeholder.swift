package struct AWSError: Error { package enum Remedy: Equatable, Sendable { case retry, slowDown, renewCredentials, split, giveUp } }
