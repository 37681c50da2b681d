import Glibc

/// How many queues share the work of cutting pages and signing batches: one for each core.
enum Lanes {
    static var count: Int {
        max(1, min(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 16))
    }
}
