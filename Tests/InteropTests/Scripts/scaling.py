"""Auto scaling of tables, by boto3: `scaling.py make URL TABLE` and `scaling.py compare URL A B`."""

import sys

import boto3

URL = sys.argv[2]


def client(service):
    return boto3.client(
        service, endpoint_url=URL, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test")


def make(name):
    client("dynamodb").create_table(
        TableName=name, BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 100, "WriteCapacityUnits": 100},
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "day", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-day", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": 100, "WriteCapacityUnits": 100}}])
    scaling = client("application-autoscaling")
    for resource, kind, units, target in (
            (f"table/{name}", "table", "Read", 70.0), (f"table/{name}", "table", "Write", 55.5),
            (f"table/{name}/index/by-day", "index", "Write", 20.0)):
        dimension = f"dynamodb:{kind}:{units}CapacityUnits"
        scaling.register_scalable_target(
            ServiceNamespace="dynamodb", ResourceId=resource, ScalableDimension=dimension,
            MinCapacity=5, MaxCapacity=4000)
        scaling.put_scaling_policy(
            PolicyName=f"Dynamo{units}Utilization:{resource}", ServiceNamespace="dynamodb",
            ResourceId=resource, ScalableDimension=dimension, PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target, "ScaleInCooldown": 60, "ScaleOutCooldown": 30,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": f"DynamoDB{units}CapacityUtilization"}})
    for night, schedule, least in ((True, "cron(0 22 * * ? *)", 1), (False, "cron(0 6 * * ? *)", 50)):
        scaling.put_scheduled_action(
            ServiceNamespace="dynamodb", ResourceId=f"table/{name}",
            ScheduledActionName=f"{name}-{'night' if night else 'morning'}",
            ScalableDimension="dynamodb:table:WriteCapacityUnits", Schedule=schedule,
            Timezone="Europe/Berlin",
            ScalableTargetAction={"MinCapacity": least, "MaxCapacity": 4000})


def described(name):
    scaling = client("application-autoscaling")
    found = []
    for resource in (f"table/{name}", f"table/{name}/index/by-day"):
        for target in scaling.describe_scalable_targets(
                ServiceNamespace="dynamodb", ResourceIds=[resource])["ScalableTargets"]:
            found.append((
                resource.replace(name, "NAME"), target["ScalableDimension"],
                target["MinCapacity"], target["MaxCapacity"]))
        for policy in scaling.describe_scaling_policies(
                ServiceNamespace="dynamodb", ResourceId=resource)["ScalingPolicies"]:
            if policy["ResourceId"] != resource:
                continue  # moto answers with those of other resources too
            found.append((
                policy["PolicyName"].replace(name, "NAME"), policy["ScalableDimension"],
                policy["TargetTrackingScalingPolicyConfiguration"]))
        for action in scaling.describe_scheduled_actions(
                ServiceNamespace="dynamodb", ResourceId=resource)["ScheduledActions"]:
            if action["ResourceId"] != resource:
                continue
            found.append((
                action["ScheduledActionName"].replace(name, "NAME"), action["ScalableDimension"],
                action["Schedule"], action.get("Timezone"), action["ScalableTargetAction"]))
    return found


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[3])
    else:
        one, other = described(sys.argv[3]), described(sys.argv[4])
        print(f"{one}\n{other}")
        sys.exit(0 if one == other and len(one) == 8 else 1)
