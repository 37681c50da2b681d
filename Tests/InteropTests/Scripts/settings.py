"""What botocore's models say that a table can be asked about: a line each.

`MEMBER path` is a member of DescribeTable's reply, `OPERATION name` an operation that reads
something of one table or of its scaling and takes no item's key.
"""

import botocore.session

SESSION = botocore.session.get_session()


def members(shape, path=()):
    """Leaves of a structure; lists and maps are looked through, a shape within itself is not."""
    if shape.type_name == "list":
        yield from members(shape.member, path)
    elif shape.type_name == "map":
        yield from members(shape.value, path)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from members(member, path + (name,))
    else:
        yield ".".join(path)


def describe(service, prefixes, about):
    model = SESSION.get_service_model(service)
    for name in sorted(model.operation_names):
        shape = model.operation_model(name).input_shape
        names = set(shape.members) if shape else set()
        if name.startswith(prefixes) and names & about:
            print("OPERATION", name)


DYNAMODB = SESSION.get_service_model("dynamodb")
TABLE = DYNAMODB.operation_model("DescribeTable").output_shape.members["Table"]
for path in sorted(set(members(TABLE))):
    print("MEMBER", path)
describe(
    "dynamodb", ("Describe", "List", "Get"),
    {"TableName", "ResourceArn", "TableArn", "GlobalTableName"})
describe(
    "application-autoscaling", ("Describe", "List", "Get"),
    {"ResourceId", "ResourceIds", "ResourceARN"})
