import Glibc

/// What the running program knows of itself.
package enum OwnProgram {
    /// The commit that it was built from, with `-dirty` for a changed tree. `scripts/build.sh`
    /// links it in by name (`scripts/packaging/stamp.sh`); a plain `swift build` does not.
    package static var commit: String {
        guard let text = dlsym(nil, "dynaferry_commit") else { return "unknown" }
        return String(cString: text.assumingMemoryBound(to: CChar.self))
    }
}
