/// What to do about a table that is not ACTIVE (API reference, TableDescription).
enum TableStatusAdvice {
    static func of(_ status: String) -> String {
        switch status {
        case "ARCHIVED":
            "its KMS key could not be used for seven days, so DynamoDB archived it: restore it from"
                + " the on-demand backup that was made then"
        case "ARCHIVING":
            "its KMS key could not be used for seven days, and DynamoDB archives it: wait, then"
                + " restore it from the backup"
        case "INACCESSIBLE_ENCRYPTION_CREDENTIALS":
            "its KMS key can't be used: enable the key and let DynamoDB use it, within seven days"
        case "DELETING": "it is being deleted: wait until it is gone, or name another"
        default: "wait until it is ACTIVE"
        }
    }
}
