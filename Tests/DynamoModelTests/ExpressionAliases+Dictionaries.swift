import DynamoModel

extension ExpressionAliases {
    init(names: [String: String] = [:], values: [String: AttributeValue] = [:]) {
        self.init()
        for (alias, name) in names { define(alias, name: Array(name.utf8)) }
        for (alias, value) in values { define(alias, value: value) }
    }
}
