/// What help and the parser need to know of an option: everything but how its value is kept.
package struct OptionDescription: Equatable, Sendable {
    package enum Syntax: Equatable, Sendable {
        case flag
        /// `--name VALUE` or `--name=VALUE`.
        case value(ValueDescription)
        /// `--name` or `--name=VALUE`.
        case valueAfterEquals(ValueDescription)
    }

    /// Where in a ``ConfigFile`` an option may stand.
    package enum FilePlace: Equatable, Sendable {
        /// On the command line only: it is meant for one run.
        case nowhere
        /// For the whole of it.
        case top
        /// For the whole of it, or for some tables.
        case table
    }

    /// All spellings, the chief one first.
    package var names: [String]
    package var syntax: Syntax
    package var category: OptionCategory
    package var help: String
    /// What holds when the option is not given, in words or as it would be given.
    package var standard: String
    package var repeats = false
    /// Left out of help: for dynaferry's own use of itself.
    package var isHidden = false
    package var filePlace = FilePlace.top

    /// nil of a flag.
    package var value: ValueDescription? {
        switch syntax {
        case .flag: nil
        case .value(let value), .valueAfterEquals(let value): value
        }
    }
}

/// What help and completion need to know of an operand.
package struct OperandDescription: Equatable, Sendable {
    package let name: String
    package let help: String
    package let value: ValueDescription
}

/// The headings under which options stand in help.
package enum OptionCategory: String, Sendable {
    case tables = "Which tables"
    case sides = "Where the tables are"
    case comparison = "What is compared"
    case target = "What may happen to the target"
    case files = "Files"
    case schema = "Schema and settings"
    case pace = "Speed and limits"
    case reading = "Reading the source"
    case changes = "Changing items"
    case job = "The job and its state"
    case output = "Output"
    case listening = "Listening"
    case contents = "Contents"
    case capacity = "Capacity"
    case behaviour = "Behaviour"
    case work = "The job"
}

/// One option, declared once: names, place in help, how its value is read and where it goes.
package struct Option<Arguments: CommandArguments>: Sendable {
    package var description: OptionDescription
    /// Keeps the value given (nil where there is none) under one of the option's names.
    let keep:
        @Sendable (inout Arguments, _ name: String, _ text: String?) throws(UsageError) -> Void

    /// An option whose value has a default, which help shows.
    package init<Value>(
        _ name: String, _ kind: ValueKind<Value>,
        _ path: WritableKeyPath<Arguments, Value> & Sendable,
        in category: OptionCategory, _ help: String
    ) {
        self.init(
            [name], kind, in: category, default: kind.show(Arguments()[keyPath: path]), help
        ) { arguments, _, value in arguments[keyPath: path] = value }
    }

    /// An option that may be absent; `standard` says what holds then.
    package init<Value>(
        _ name: String, _ kind: ValueKind<Value>,
        _ path: WritableKeyPath<Arguments, Value?> & Sendable,
        in category: OptionCategory, default standard: String, _ help: String
    ) {
        self.init([name], kind, in: category, default: standard, help) { arguments, _, value in
            arguments[keyPath: path] = value
        }
    }

    /// An option that may be given several times, each adding a value.
    package init<Value>(
        repeating name: String, _ kind: ValueKind<Value>,
        _ path: WritableKeyPath<Arguments, [Value]> & Sendable,
        in category: OptionCategory, default standard: String, _ help: String
    ) {
        self.init([name], kind, in: category, default: standard, help) { arguments, _, value in
            arguments[keyPath: path].append(value)
        }
        description.repeats = true
    }

    /// An option of several names, which say where its value goes.
    package init<Value>(
        _ names: [String], _ kind: ValueKind<Value>,
        in category: OptionCategory, default standard: String, _ help: String,
        set: @escaping @Sendable (inout Arguments, _ name: String, Value) -> Void
    ) {
        description = OptionDescription(
            names: names, syntax: .value(kind.description), category: category, help: help,
            standard: standard)
        keep = { (arguments, name, text) throws(UsageError) in
            set(&arguments, name, try kind.read(text ?? "", for: name))
        }
    }

    /// An option that is off unless given.
    package init(
        flag name: String, _ path: WritableKeyPath<Arguments, Bool> & Sendable,
        in category: OptionCategory, _ help: String
    ) {
        description = OptionDescription(
            names: [name], syntax: .flag, category: category, help: help, standard: "off")
        keep = { (arguments, _, _) throws(UsageError) in arguments[keyPath: path] = true }
    }

    /// An option that is off unless given, of several names, which say where that is kept.
    package init(
        flags names: [String], in category: OptionCategory, default standard: String,
        _ help: String, set: @escaping @Sendable (inout Arguments, _ name: String) -> Void
    ) {
        description = OptionDescription(
            names: names, syntax: .flag, category: category, help: help, standard: standard)
        keep = { (arguments, name, _) throws(UsageError) in set(&arguments, name) }
    }

    /// An option that is off unless given, and whose value, after `=` only, may be left out.
    package init<Value>(
        _ name: String, _ kind: ValueKind<Value>, whenBare bare: Value,
        _ path: WritableKeyPath<Arguments, Value?> & Sendable,
        in category: OptionCategory, _ help: String
    ) {
        description = OptionDescription(
            names: [name], syntax: .valueAfterEquals(kind.description), category: category,
            help: help, standard: "off; \(name) alone means \(name)=\(kind.show(bare))")
        keep = { (arguments, name, text) throws(UsageError) in
            var value = bare
            if let text { value = try kind.read(text, for: name) }
            arguments[keyPath: path] = value
        }
    }

    /// The same option of arguments that hold `Arguments` at `path`.
    package func lifted<Outer: CommandArguments>(
        to path: WritableKeyPath<Outer, Arguments> & Sendable
    ) -> Option<Outer> {
        let keep = keep
        return Option<Outer>(description: description) {
            (outer, name, text) throws(UsageError) in
            try keep(&outer[keyPath: path], name, text)
        }
    }

    private init(
        description: OptionDescription,
        keep: @escaping @Sendable (inout Arguments, String, String?) throws(UsageError) -> Void
    ) {
        self.description = description
        self.keep = keep
    }

    package var hidden: Self {
        var option = self
        option.description.isHidden = true
        return option
    }

    /// It may differ from table to table, which a file can say.
    package var perTable: Self {
        var option = self
        option.description.filePlace = .table
        return option
    }

    /// It is meant for one run: a file can't have it.
    package var once: Self {
        var option = self
        option.description.filePlace = .nowhere
        return option
    }
}

/// One argument that is known by its place.
package struct Operand<Arguments: CommandArguments>: Sendable {
    package let description: OperandDescription
    package var name: String { description.name }
    let keep: @Sendable (inout Arguments, String) throws(UsageError) -> Void

    /// The same operand of arguments that hold `Arguments` at `path`.
    package func lifted<Outer: CommandArguments>(
        to path: WritableKeyPath<Outer, Arguments> & Sendable
    ) -> Operand<Outer> {
        let keep = keep
        return Operand<Outer>(description: description) { (outer, text) throws(UsageError) in
            try keep(&outer[keyPath: path], text)
        }
    }

    private init(
        description: OperandDescription,
        keep: @escaping @Sendable (inout Arguments, String) throws(UsageError) -> Void
    ) {
        self.description = description
        self.keep = keep
    }

    package init<Value>(
        _ name: String, _ kind: ValueKind<Value>,
        _ path: WritableKeyPath<Arguments, Value> & Sendable, _ help: String
    ) {
        description = OperandDescription(name: name, help: help, value: kind.description)
        keep = { (arguments, text) throws(UsageError) in
            arguments[keyPath: path] = try kind.read(text, for: name)
        }
    }
}
