/// How a shell finds the names of profiles: programs for sed(1), without quotes. A name with spaces
/// is not proposed.
enum ProfileNames {
    /// `[profile NAME]`, and `[default]`.
    static let inConfig =
        #"s/^\#(open)profile[[:space:]]\{1,\}\#(name)/\1/p; s/^\[\(default\)\].*/\1/p"#
    /// `[NAME]`
    static let inCredentials = #"s/^\#(open)\#(name)/\1/p"#

    private static let open = #"[[:space:]]*\[[[:space:]]*"#
    private static let name = #"\([^] "]\{1,\}\)[[:space:]]*\].*"#
}
