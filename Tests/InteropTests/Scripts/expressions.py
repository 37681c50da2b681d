"""Holds the embedded server's expressions against two servers that others wrote.

    expressions.py SERVE MOTO MINISTACK COUNT SEED

Makes COUNT random filters, conditions and updates, runs each over the same items on all three with
boto3, and demands that dynaferry answers as the other two do wherever those two agree. What both of
them are known to get wrong is in `DIFFERENCES`, each with its source. Prints what was compared; exits 1
with the first disagreement.
"""

import base64
import concurrent.futures
import decimal
import json
import random
import sys

import boto3
import botocore.exceptions
from botocore.config import Config

# What moto and ministack both let pass and the service does not. The sources are tests that others
# run against the service: "Alternator" is ScyllaDB's test/alternator/test_condition_expression.py,
# "dynalite" its test/scan.js.
DIFFERENCES = {
    "two absent attributes": "Alternator, test_update_condition_eq_two_unset and ne_two_unset:"
    " what is absent is equal to nothing, not even to what is absent",
    "no order": "Alternator, test_update_condition_lt and _between: a constant of a type that has"
    " no order is a ValidationException",
    "same operand": "dynalite, 'non-distinct expressions': a path is not compared with itself",
    "part of a binary": "Alternator, test_update_condition_contains: binaries have parts",
    "prefix": "Alternator, test_update_condition_begins_with: a constant that is neither a string"
    " nor a binary is a ValidationException",
}

EXACT = decimal.Context(prec=40)

NAMES = ["s", "n", "b", "flag", "nil", "ss", "ns", "bs", "l", "m", "t", "absent"]
PATHS = [[name] for name in NAMES] * 2 + [
    ["m", "x"], ["m", "y"], ["m", "deep", "n"], ["l", 0], ["l", 1], ["l", 9], ["m", "absent"],
    ["s", "x"], ["m", "deep", "l", 0],
]


def encoded(data):
    return base64.b64encode(data).decode()


class Maker:
    """Makes values, items and expressions, as trees of tuples."""

    def __init__(self, chance):
        self.chance = chance
        self.one = chance.choice

    def text(self):
        return self.one(["", "a", "ab", "abc", "b", "Ä", "é", "10", "9", "漢字", "\U0001f600", "N"])

    def number(self):
        return self.one([
            "0", "1", "2", "3", "-1", "10", "9", "2.5", "-0.001", "1e20", "1E-9",
            "12345678901234567890123456789012345678", "12345678901234567890123456789012345679"])

    def binary(self):
        return self.one([b"a", b"ab", b"\x7f", b"\x80", b"\x80\xff", b"\x00", b"b"])

    def value(self, kinds=None, depth=0):
        kind = self.one(kinds or ["S", "N", "B"] * 4 + ["BOOL", "NULL", "SS", "NS", "BS", "L", "M"])
        make = {"S": self.text, "N": self.number, "B": self.binary}
        if kind in make:
            return {kind: make[kind]()}
        if kind == "BOOL":
            return {"BOOL": self.one([True, False])}
        if kind == "NULL":
            return {"NULL": True}
        if kind == "L":
            return {"L": [self.value(depth=depth + 1) for _ in range(self.chance.randrange(3))]}
        if kind == "M":
            return {"M": {name: self.value(["S", "N"]) for name in self.chance.sample("xyz", 2)}}
        unique = {json.dumps(make[kind[0]](), default=encoded): 0 for _ in range(3)}
        elements = [json.loads(text) for text in unique]
        if kind == "BS":
            elements = [base64.b64decode(element) for element in elements]
        if kind == "NS":
            elements = list({float(e): e for e in elements}.values())
        return {kind: elements}

    def item(self, number):
        shapes = {
            "s": "S", "n": "N", "b": "B", "flag": "BOOL", "nil": "NULL", "ss": "SS", "ns": "NS",
            "bs": "BS", "l": "L", "t": None,
        }
        item = {"id": {"S": str(number)}}
        for name, kind in shapes.items():
            if self.chance.random() < 0.75:
                item[name] = self.value([kind] if kind else None)
        if self.chance.random() < 0.75:
            item["m"] = {"M": {"x": self.value(["S", "N"]), "deep": {"M": {
                "n": {"N": self.number()}, "l": {"L": [{"S": self.text()}]}}}}}
        return item

    def operand(self, kinds=None):
        roll = self.chance.random()
        if roll < 0.55:
            return ("path", self.one(PATHS))
        if roll < 0.96:
            return ("value", self.value(kinds))
        return ("size", ("path", self.one(PATHS)))

    def typed(self, kind):
        """An operand that most likely has this type: moto fails on orders between two types."""
        if self.chance.random() < 0.1:
            return self.operand([kind])
        return self.one([("path", [kind.lower()]), ("value", self.value([kind]))])

    def leaf(self):
        leaf = self.any_leaf()
        # Mostly: the service refuses to compare a path with itself.
        while len(leaf) > 2 and leaf[-1] == leaf[-2] and self.chance.random() < 0.98:
            leaf = self.any_leaf()
        return leaf

    def any_leaf(self):
        roll = self.chance.random()
        if roll < 0.4:
            comparator = self.one(["=", "<>", "<", "<=", ">", ">="])
            if comparator in ("=", "<>") or self.chance.random() < 0.03:
                return ("compare", comparator, self.operand(), self.operand())
            kind = self.one(["S", "N", "B"])
            return ("compare", comparator, self.typed(kind), self.typed(kind))
        if roll < 0.52:
            kind = self.one(["S", "N", "B"])
            low, high = self.typed(kind), self.typed(kind)
            if low[0] == high[0] == "value" and self.chance.random() < 0.95:
                bounds = [low[1], high[1]] if low[1].keys() == high[1].keys() else [low[1]] * 2
                low, high = [("value", bound) for bound in sorted(bounds, key=ordered)]
            return ("between", self.typed(kind), low, high)
        if roll < 0.62:
            return ("in", self.operand(), [self.operand() for _ in range(self.one([1, 2, 5]))])
        if roll < 0.74:
            return (self.one(["attribute_exists", "attribute_not_exists"]),
                    ("path", self.one(PATHS)))
        if roll < 0.8:
            kind = self.one(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"])
            return ("attribute_type", ("path", self.one(PATHS)), ("value", {"S": kind}))
        if roll < 0.88:
            kinds = None if self.chance.random() < 0.05 else ["S", "B"]
            return ("begins_with", ("path", self.one(PATHS)), ("value", self.value(kinds)))
        return ("contains", ("path", self.one(PATHS)), self.one([
            ("value", self.value()), ("path", self.one(PATHS))]))

    def tree(self, depth):
        roll = self.chance.random()
        if depth == 0 or roll < 0.25:
            return self.leaf()
        if roll < 0.4:
            return ("not", self.tree(depth - 1))
        return (self.one(["and", "or"]), self.tree(depth - 1), self.tree(depth - 1))


    def set_value(self):
        roll = self.chance.random()
        if roll < 0.3:
            return ("value", self.value())
        if roll < 0.4:
            return ("path", self.one(PATHS))
        if roll < 0.6:
            operands = self.chance.sample([("path", ["n"]), ("value", {"N": self.one("123")})], 2)
            return (self.one("+-"), *operands)
        if roll < 0.8:
            return ("if_not_exists", ("path", self.one(PATHS)), ("value", self.value()))
        lists = self.chance.sample([("path", ["l"]), ("value", {"L": [self.value()]})], 2)
        return ("list_append", *lists)

    def update(self):
        """Actions on different attributes, by section."""
        names = self.chance.sample([n for n in NAMES if n != "absent"] + ["new", "newer"], 3)
        sections = {}
        for name in names[:self.one([1, 2, 3])]:
            section = self.one(["SET", "SET", "REMOVE", "ADD", "DELETE"])
            path = [name]
            if section in ("ADD", "DELETE"):
                kinds = ["N", "SS", "NS", "BS"][section == "DELETE":]
                kind = name.upper() if name.upper() in kinds else self.one(kinds)
                action = (path, ("value", self.value([kind])))
            elif section == "REMOVE":
                action = (self.one([path, path, [name, "x"], [name, 0]]), None)
            else:
                action = (self.one([path, path, [name, "x"], [name, 1]]), self.set_value())
            sections.setdefault(section, []).append(action)
        return sections


class Text:
    """Writes an expression, with aliases for some names and for all values."""

    WEIGHTS = {"or": 1, "and": 2, "not": 3}

    def __init__(self, tree, chance):
        self.chance, self.names, self.values = chance, {}, {}
        self.text = self.update(tree) if isinstance(tree, dict) else self.write(tree, 0)

    def update(self, sections):
        marks = {"SET": " = ", "REMOVE": "", "ADD": " ", "DELETE": " "}
        return " ".join(
            f"{section} " + ", ".join(
                self.operand(("path", path)) + marks[section] + (self.set_value(value)
                                                                 if value else "")
                for path, value in actions)
            for section, actions in sections.items())

    def set_value(self, value):
        kind, *operands = value
        if kind in "+-":
            return f" {kind} ".join(map(self.operand, operands))
        if kind in ("if_not_exists", "list_append"):
            return f"{kind}({', '.join(map(self.operand, operands))})"
        return self.operand(value)

    def arguments(self):
        extra = {}
        if self.names:
            extra["ExpressionAttributeNames"] = self.names
        if self.values:
            extra["ExpressionAttributeValues"] = self.values
        return extra

    def operand(self, operand):
        kind, content = operand
        if kind == "size":
            return f"size({self.operand(content)})"
        if kind == "value":
            alias = f":v{len(self.values)}"
            self.values[alias] = content
            return alias
        text = ""
        for step in content:
            if isinstance(step, int):
                text += f"[{step}]"
            elif len(step) > 1 or self.chance.random() < 0.5:
                self.names["#" + step] = step
                text += ".#" + step
            else:
                text += "." + step
        return text.lstrip(".")

    def write(self, tree, weight):
        kind = tree[0]
        if kind in self.WEIGHTS:
            own = self.WEIGHTS[kind]
            parts = [self.write(part, own + (kind != "not")) for part in tree[1:]]
            word = self.chance.choice([kind.upper(), kind])
            text = f"{word} {parts[0]}" if kind == "not" else f" {word} ".join(parts)
            return f"({text})" if own < weight else text
        if kind == "compare":
            return f"{self.operand(tree[2])} {tree[1]} {self.operand(tree[3])}"
        if kind == "between":
            return (f"{self.operand(tree[1])} BETWEEN {self.operand(tree[2])}"
                    f" AND {self.operand(tree[3])}")
        if kind == "in":
            return f"{self.operand(tree[1])} IN ({', '.join(map(self.operand, tree[2]))})"
        return f"{kind}({', '.join(map(self.operand, tree[1:]))})"


def lookup(item, path):
    value = {"M": item}
    for step in path:
        inner = value.get("L" if isinstance(step, int) else "M")
        try:
            value = inner[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def absent(operand, item):
    kind, content = operand
    if kind == "path":
        return lookup(item, content) is None
    return kind == "size" and absent(content, item)


def leaves(tree):
    if tree[0] in Text.WEIGHTS:
        for part in tree[1:]:
            yield from leaves(part)
    else:
        yield tree


def refusals(tree):
    """The differences for which the service refuses the expression, whatever the item."""
    for leaf in leaves(tree):
        kind = leaf[0]
        operands = [part for part in leaf[1:] if isinstance(part, tuple)]
        constants = [part[1] for part in operands if part[0] == "value"]
        unordered = [value for value in constants if not {"S", "N", "B"} & value.keys()]
        if kind == "between" or kind == "compare" and leaf[1] not in ("=", "<>"):
            if unordered:
                yield "no order"
        if kind in ("compare", "contains") and len(operands) == 2:
            if operands[0][0] == "path" and operands[0] == operands[1]:
                yield "same operand"
        if kind == "begins_with" and not {"S", "B"} & leaf[2][1].keys():
            yield "prefix"


def ordered(value):
    return float(value["N"]) if "N" in value else next(iter(value.values()))


def oddities(tree, item):
    """The differences in what the expression says of this item."""
    for leaf in leaves(tree):
        if leaf[0] == "compare" and leaf[1] in ("=", "<>"):
            if absent(leaf[2], item) and absent(leaf[3], item):
                yield "two absent attributes"
        if leaf[0] == "in" and absent(leaf[1], item):
            if any(absent(candidate, item) for candidate in leaf[2]):
                yield "two absent attributes"
        if leaf[0] == "contains":
            whole, part = lookup(item, leaf[1][1]), leaf[2][1]
            part = lookup(item, part) if leaf[2][0] == "path" else part
            if whole and part and "B" in whole and "B" in part:
                yield "part of a binary"


def comparable(value):
    """A value as text that is equal for equal ones."""
    kind, content = next(iter(value.items()))
    if kind in ("N", "NS"):
        numbers = [content] if kind == "N" else content
        content = sorted(str(decimal.Decimal(number).normalize(EXACT)) for number in numbers)
    elif kind in ("SS", "BS"):
        content = sorted(content)
    elif kind == "L":
        content = [comparable(element) for element in content]
    elif kind == "M":
        content = sorted((name, comparable(member)) for name, member in content.items())
    return f"{kind}{content}"


class Subject:
    """A server under comparison."""

    TABLE = "expressions"

    def __init__(self, name, url):
        self.name = name
        self.client = boto3.client(
            "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))

    def fill(self, items):
        self.client.create_table(
            TableName=self.TABLE, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST")
        self.client.get_waiter("table_exists").wait(
            TableName=self.TABLE, WaiterConfig={"Delay": 0.05})
        for item in items:
            self.client.put_item(TableName=self.TABLE, Item=item)

    def answer(self, call):
        """What `call` returns, "refused" for a ValidationException, None for a server's failure."""
        try:
            return call()
        except botocore.exceptions.ClientError as error:
            code, message = (error.response["Error"][name] for name in ("Code", "Message"))
            if message.startswith("Bad Filter Expression"):
                return None  # So moto words what it can't evaluate.
            return {"ValidationException": "refused",
                    "ConditionalCheckFailedException": "failed"}.get(code)

    def matching(self, text):
        """The ids of the items that a filter lets through."""
        def call():
            page = self.client.scan(
                TableName=self.TABLE, FilterExpression=text.text, **text.arguments())
            return {item["id"]["S"] for item in page["Items"]}
        return self.answer(call)

    def put(self, text, item):
        """Puts an item that is there once more, on a condition; "done" when that held."""
        def call():
            self.client.put_item(TableName=self.TABLE, Item=item, ConditionExpression=text.text,
                                 **text.arguments())
            return "done"
        return self.answer(call)

    def update(self, text, item):
        """The item after an update of what was `item`, in a form that compares by value."""
        def call():
            self.client.put_item(TableName=self.TABLE, Item=item)
            self.client.update_item(
                TableName=self.TABLE, Key={"id": item["id"]}, UpdateExpression=text.text,
                **text.arguments())
            return comparable({"M": self.client.get_item(
                TableName=self.TABLE, Key={"id": item["id"]})["Item"]})
        return self.answer(call)

    def delete_nothing(self, text):
        def call():
            self.client.delete_item(
                TableName=self.TABLE, Key={"id": {"S": "nobody"}}, ConditionExpression=text.text,
                **text.arguments())
            return "done"
        return self.answer(call)


class Comparison:
    def __init__(self, subjects, chance):
        self.subjects, self.chance, self.maker = subjects, chance, Maker(chance)
        self.items = [self.maker.item(number) for number in range(12)]
        self.pool = concurrent.futures.ThreadPoolExecutor(len(subjects))
        self.agreed = self.compared = 0
        self.accepted = {name: 0 for name in DIFFERENCES}

    def ask(self, question):
        return list(self.pool.map(question, self.subjects))

    def judge(self, ours, others, excuses, text, item):
        """One answer against two; `excuses` are the known differences that may explain it."""
        self.compared += 1
        if others[0] is None or others[0] != others[1]:
            return
        self.agreed += 1
        if ours == others[0]:
            return
        excuses = set(excuses)
        if not excuses:
            sys.exit(f"dynaferry says {ours}, moto and ministack {others[0]}: {text.text} with "
                     f"{text.names} {text.values} of {item}")
        for excuse in excuses:
            self.accepted[excuse] += 1

    def filter(self, tree):
        text = Text(tree, self.chance)
        answers = self.ask(lambda subject: subject.matching(text))
        refused = list(refusals(tree))
        for item in self.items:
            ours, *others = [
                item["id"]["S"] in answer if isinstance(answer, set) else answer
                for answer in answers
            ]
            self.judge(ours, others, refused or oddities(tree, item), text, item)

    def update(self):
        """An update of an item that is put anew before."""
        text, item = Text(self.maker.update(), self.chance), self.maker.item("updated")
        ours, *others = self.ask(lambda subject: subject.update(text, item))
        self.judge(ours, others, [], text, item)

    def write(self, tree):
        text, item = Text(tree, self.chance), self.chance.choice(self.items)
        ours, *others = self.ask(lambda subject: subject.put(text, item))
        self.judge(ours, others, [*refusals(tree), *oddities(tree, item)], text, item)
        ours, *others = self.ask(lambda subject: subject.delete_nothing(text))
        self.judge(ours, others, [*refusals(tree), *oddities(tree, {})], text, {})


def main():
    *urls, count, seed = sys.argv[1:]
    subjects = [Subject(*pair) for pair in zip(("dynaferry", "moto", "ministack"), urls)]
    comparison = Comparison(subjects, random.Random(int(seed)))
    for subject in subjects:
        subject.fill(comparison.items)
    for number in range(int(count)):
        tree = comparison.maker.tree(comparison.chance.choice([0, 0, 1, 2, 3]))
        if number % 4 == 0:
            comparison.write(tree)
            comparison.update()
        else:
            comparison.filter(tree)
    if comparison.agreed < comparison.compared / 2:
        sys.exit(f"only {comparison.agreed} of {comparison.compared} answers could be held against")
    print(f"{comparison.compared} answers compared, moto and ministack agreed on "
          f"{comparison.agreed}; known differences: {comparison.accepted}")


if __name__ == "__main__":
    main()
