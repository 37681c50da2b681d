import CLinux
import Glibc

/// What Glibc's Swift module leaves out of the C library.
package enum Linux {
    /// Tells the allocator how this program uses memory, once, before threads start.
    ///
    /// Buffers are kept and reused, so what is freed comes back at once: giving it to the system in
    /// between costs a page fault for each page. Few arenas keep what one thread freed for the
    /// others. Sizes at which blocks get a mapping of their own are fixed, because the growing
    /// threshold that is the default would leave large buffers in the heap. The corresponding C
    /// function is `mallopt`.
    package static func prepareAllocator() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, 512 * 1024)
        mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024)
        mallopt(M_TOP_PAD, 1024 * 1024)
    }

    /// Has a child keep its standard streams and nothing else: a pipe that it holds open does not
    /// end for whoever reads it. The corresponding C function is
    /// `posix_spawn_file_actions_addclosefrom_np`.
    static func closeInherited(_ actions: inout posix_spawn_file_actions_t) {
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    }

    /// The words of the command line where the kernel put them; empty where they are not there.
    static var wordsAtStart: [String] { strings(shim_arguments()) }

    /// `NAME=VALUE`, each variable. The corresponding C variable is `environ`.
    static var environment: [String] { strings(shim_environment()) }

    /// Those that a NULL ends.
    private static func strings(
        _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> [String] {
        guard var next = words else { return [] }
        var strings: [String] = []
        while let word = next.pointee {
            strings.append(String(cString: word))
            next += 1
        }
        return strings
    }
}
