import CommandLine
import Connectors
import JSON
import Schema
import Status
import Transfer

extension CopyOptions {
    /// - Parameter table: whose rules hold.
    /// - Throws: when a file that is named can't be read.
    package init(_ arguments: CopyArguments, ofTable table: String) throws(CommandFailure) {
        self.init()
        part = arguments.part
        settings = try arguments.settingChoice
        indexes = arguments.indexes
        boostWrites = arguments.boostWrite
        segments = arguments.segments
        scansMax = arguments.scanConcurrency
        limits = arguments.askedLimits
        memory =
            arguments.memory
            ?? (arguments.filesSide == .source
                ? CopyOptions.memoryFromFiles : CopyOptions.memoryUsual)
        verifies = arguments.verifies
        isConsistentRead = arguments.consistentRead
        transform = try arguments.transform.transform(ofTable: table, hasJob: true)
        if arguments.filesSide == nil { transform.keys = arguments.files.key?.keySchema }
        skipsExpired = arguments.skipExpired
        mergesIntoItems = arguments.merge != nil || arguments.onlyChanged
        onlyChanged = arguments.onlyChanged
        keepsItems = arguments.merge == .keep
        deadLettersPath = arguments.deadLetters
        deadLettersMax = arguments.maxDeadLetters
        giveUpAfter = arguments.giveUpAfter
        if arguments.files.checksFirst { checksFirst = true }
        load = arguments.native.load
        bucketOwner = arguments.files.bucket.expectedOwner
        pollEvery = arguments.native.pollEvery
        appliesDeletes = arguments.files.appliesDeletes
    }
}

extension CopyArguments {
    /// What distinguishes copies of the same tables.
    package var purpose: String {
        let merging = onlyChanged ? "only-changed" : merge?.rawValue ?? "empty"
        return "copy \(merging) \(part.rawValue)\(skipExpired ? " skip-expired" : "")"
    }

    /// What is asked for of limits.
    package var askedLimits: RequestedLimits {
        var limits = RequestedLimits()
        limits.readUnits = readUnits
        limits.targetReadUnits = targetReadUnits
        limits.writeUnits = writeUnits
        limits.totalReadUnits = totalReadUnits
        limits.totalWriteUnits = totalWriteUnits
        limits.writesMax = writeConcurrency
        return limits
    }

    /// What is asked for of settings, the policy's file read.
    package var settingChoice: SettingChoice {
        get throws(CommandFailure) {
            var choice = settings
            choice.policy = try policyFile.map { path throws(CommandFailure) in
                guard let json = try JSON(fileAt: path), json.members != nil else {
                    throw CommandFailure(
                        "\(path) is not a policy",
                        hints: ["it is a JSON object, as IAM's policies are"])
                }
                return json.text
            }
            return choice
        }
    }
}

extension ExportOptions {
    /// - Parameter table: whose rules hold.
    package init(_ arguments: CopyArguments, ofTable table: String) throws(CommandFailure) {
        self.init()
        transform = try arguments.transform.transform(ofTable: table, hasJob: true)
        compression = arguments.files.asCompression
        fileBytes = arguments.files.fileBytes
        memory =
            arguments.memory ?? ExportOptions.memoryUsual(compression, fileBytes: fileBytes)
        segments = arguments.segments
        scansMax = arguments.scanConcurrency
        limits = arguments.askedLimits
        isConsistentRead = arguments.consistentRead
        skipsExpired = arguments.skipExpired
        verifies = arguments.verifies
        giveUpAfter = arguments.giveUpAfter
    }
}
