# Sourced by the other scripts: how they report.

say() { printf '%s\n' "$*" >&2; }

# Ends the script: fail ERROR [HINT...]
fail() {
    say "error: $1"
    shift
    for hint in "$@"; do say "hint: $hint"; done
    exit 1
}
