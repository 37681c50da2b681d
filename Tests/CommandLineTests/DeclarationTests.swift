import System
import Testing

@testable import Arguments
@testable import CommandLine
@testable import dynaferry

/// What must hold of every option there is, now and later.
@Suite struct DeclarationTests {
    static let options = ProgramDescription.dynaferry.commands.flatMap { command in
        command.options.map { (command: command.name, option: $0) }
    }

    @Test func `no option has the name of another`() {
        for command in ProgramDescription.dynaferry.commands {
            let names = command.options.flatMap(\.names) + ["--help", "-h", "--version"]
            #expect(Set(names).count == names.count, "\(command.name): \(names.sorted())")
        }
    }

    @Test func `names are words in lower case after two dashes`() {
        for (command, option) in Self.options {
            for name in option.names {
                let word = name.dropFirst(2)
                #expect(name.hasPrefix("--") && !word.isEmpty, "\(command) \(name)")
                // Services have digits in their names: S3.
                #expect(
                    word.allSatisfy {
                        $0 == "-" || ("a"..."z").contains($0) || ("0"..."9").contains($0)
                    }, "\(command) \(name)")
            }
        }
    }

    @Test func `every value is named and every default is said`() {
        for (command, option) in Self.options {
            if let name = option.value?.name {
                #expect(!name.isEmpty && !name.contains(" "), "\(command) \(option.names)")
            }
            #expect(!option.standard.isEmpty, "\(command) \(option.names)")
            #expect(!option.standard.hasSuffix("."), "\(command) \(option.names)")
        }
    }

    /// Goal: nothing that a person reads is a value as Swift would print it.
    @Test func `no help, manual or error shows a value as Swift does`() {
        let program = ProgramDescription.dynaferry
        let help = Help(program, width: 80)
        var texts = program.commands.map(help.page) + [help.overview(), ManPage(program).text]
        for (command, option) in Self.options {
            texts += [option.help, option.standard, option.value?.expected ?? ""]
            let words = command.split(separator: " ").map(String.init)
            for name in option.names {
                for wrong in [[name], ["\(name)="], ["\(name)=\u{1}"], ["\(name)x"]] {
                    do {
                        _ = try Invocation(parsing: words + wrong)
                    } catch {
                        texts += [error.message] + error.hints
                        #expect(!error.hints.isEmpty, "\(words + wrong): \(error.message)")
                    }
                }
            }
        }
        #expect(texts.count > 1_000)
        for text in texts {
            for dump in ["(name:", "Optional(", "ValueDescription", "Sendable", ": nil"] {
                #expect(!text.contains(dump), "\(dump) in: \(text.prefix(300))")
            }
        }
    }

    @Test func `explanations are sentences`() {
        for (command, option) in Self.options {
            #expect(option.help.hasSuffix("."), "\(command) \(option.names)")
            #expect(option.help.first?.isUppercase == true, "\(command) \(option.names)")
        }
        for command in ProgramDescription.dynaferry.commands {
            #expect(command.summary.hasSuffix("."))
            #expect(!command.examples.isEmpty && !command.exitCodes.isEmpty)
        }
    }

    @Test func `the options that -h shows are options of their commands`() {
        for command in ProgramDescription.dynaferry.commands {
            let names = command.options.filter { !$0.isHidden }.flatMap(\.names)
            for name in command.usual { #expect(names.contains(name), "\(command.name) \(name)") }
            #expect(
                !command.usual.isEmpty || command.options.count < 16,
                "\(command.name) has no usual options")
        }
    }

    @Test func `help fits its width, whatever it is`() {
        for width in [50, 80, 100, 200] {
            let help = Help(.dynaferry, width: width)
            for command in ProgramDescription.dynaferry.commands {
                let page = help.page(command).split(separator: "\n")
                // Examples stay whole, to be copied, and a long word has nowhere to break.
                for line in page where !line.contains("dynaferry ") && line.contains(/\S \S/) {
                    #expect(line.count <= help.width, "\(command.name) at \(width): \(line)")
                }
            }
        }
    }

    @Test func `every example is understood`() throws {
        for example in ProgramDescription.dynaferry.commands.flatMap(\.examples) {
            let words = example.subject.split { " \n\\'".contains($0) }.map(String.init)
            #expect(words.first == "dynaferry")
            let invocation = try Invocation(parsing: Array(words.dropFirst())) { _ in
                Array(#"{"tables": ["orders"], "target": {"region": "eu-west-1"}}"#.utf8)
            }
            if case .page = invocation { Issue.record("\(words) only asks for help") }
        }
    }

    @Test func `exit codes in help are those of the program`() {
        for command in ProgramDescription.dynaferry.commands {
            for code in command.exitCodes {
                let number = Int32(code.subject)
                #expect(number.flatMap(ExitCode.init(rawValue:)) != nil, "\(code)")
            }
        }
    }
}
