import Glibc

/// How many files and sockets the process may have open.
enum FileLimit {
    /// More than this is never needed: connections are bounded by what is in flight.
    private static let wanted: rlim_t = 65_536

    /// Raises the limit as far as the system allows: the usual 1,024 is for programs that use
    /// `select`, and several tables at a time have more requests in flight than that. The
    /// corresponding C functions are `getrlimit` and `setrlimit`.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let most = min(limit.rlim_max, wanted)
        guard limit.rlim_cur < most else { return }
        limit.rlim_cur = most
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
