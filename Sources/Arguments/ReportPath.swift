import CommandLine

/// What `--report` names.
package enum ReportPath {
    /// stdout, as for other programs. A file of that name is `./-`.
    package static let output = "-"

    /// What help says of it after what is reported.
    package static let help = """
        as JSON to FILE, replacing it at the end. With - it goes to stdout, and the summary to \
        stderr.
        """
}

extension CopyArguments {
    /// Items and a report can't both have stdout.
    func validateReport() throws(UsageError) {
        guard report == ReportPath.output, selection.contains(where: { $0.target.kind == .stream })
        else { return }
        throw UsageError(
            "the items go to stdout, so the report can't",
            hints: ["name a file with --report, or /dev/stderr"])
    }
}
