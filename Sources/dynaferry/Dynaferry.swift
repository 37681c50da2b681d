import Arguments
import CommandLine
import Glibc
import System

/// Where the process begins and, alone, ends.
@main
struct Dynaferry {
    static func main() {
        Linux.prepareAllocator()
        StandardStreams.prepare()
        FileLimit.raise()
        let control = ProcessControl(
            watchSignals: { Signals.watch($0, $1) }, takeEffect: { Signals.takeEffect($0) },
            leave: leave, usage: { ProcessUsage.now() })
        let program = Program(console: Console(), control: control)
        leave(program.run(Array(OwnProgram.arguments.dropFirst())))
    }

    /// Ends the process without running C's exit handlers: libraries' threads may still be at work,
    /// and nothing of ours waits in a C buffer. The corresponding C function is `_exit`.
    @Sendable private static func leave(_ code: ExitCode) -> Never {
        _exit(code.rawValue)
    }
}
