import CommandLine

/// Arguments that a file may give too: those of a copy, or of what is made of a copy.
package protocol ConfigurableArguments: CommandArguments {
    var copy: CopyArguments { get set }
}

extension CopyArguments {
    package var copy: CopyArguments {
        get { self }
        set { self = newValue }
    }
}

extension ConfigurableArguments {
    /// Reads the words after the command's name, and the file that `--config` names among them.
    ///
    /// The command line wins over an entry of the file's tables, that over the rest of the file.
    package init(parsing words: [String], reading: ConfigReader) throws(UsageError) {
        let given = try Self.given(words)
        let options = Self.options.map(\.description)
        self.init()
        var config: ConfigFile?
        if let path = try Self.configPath(given) {
            config = try ConfigFile(try reading(path), path: path, command: Self.name)
        }
        let common = config?.settings ?? []
        try apply(given.settings.over(common, options))
        for table in config?.tables ?? [] {
            var own = Self()
            try own.apply(given.settings.over(table.settings.over(common, options), options))
            copy.entries.append(
                TableEntry(source: table.source, target: table.target, arguments: own.copy))
        }
        // Tables that are named on the command line come before those of a file.
        if !given.operands.isEmpty || copy.entries.isEmpty { try keep(given.operands) }
        try validate()
    }

    private static func configPath(_ given: GivenWords) throws(UsageError) -> String? {
        guard let setting = given.settings.last(where: { $0.name == "--config" }) else {
            return nil
        }
        var probe = Self()
        try probe.apply([setting])
        return probe.copy.config
    }
}
