import Testing

extension Tag {
    /// Suites that look at the clock on the wall: `scripts/test.sh` runs them one after another,
    /// with the machine to themselves. None expects a machine to be fast: they bound what may be
    /// consumed by a time, or tell a wait of seconds from one of minutes. That limits are used,
    /// too, is shown in virtual time (`LimitTests`, `TotalLimitTests`).
    @Tag package static var timeBound: Tag
}
