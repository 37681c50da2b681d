import LocalItems

extension Service {
    convenience init(_ options: ServerOptions) {
        let rules = TableRules(
            isLimited: options.capacity == .model, partitions: options.partitions,
            burstSeconds: options.burstSeconds, timeScale: options.timeScale,
            liveCounts: options.liveCounts)
        let users = options.users
        self.init(
            tables: Tables(
                region: options.region, rules: rules, phaseDuration: options.phaseDuration,
                seed: options.seed),
            faults: FaultSource(plan: options.faults, hook: options.hook, seed: options.seed),
            time: options.time, control: LocalControl(),
            authenticator: users.isEmpty ? nil : SignatureCheck(users),
            denied: options.denyWrites,
            missing: options.without.compactMap(Operation.init))
    }
}
