"""Records what botocore sends, and checks that botocore reads what the front door writes.

    python3 record.py requests    writes requests.json: each sample's parameters beside the request botocore makes of them
    python3 record.py answers     reads answers.json (written by the Rust test with UPDATE=1) and holds each answer, as
                                  botocore parses it, against the members it was made from

Needs botocore 1.44.5 (`clients/requirements.txt` brings it). The Rust test `protocols.rs` then needs no Python.
"""

import base64
import datetime
import json
import pathlib
import sys

import botocore.session
from botocore.awsrequest import HeadersDict, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

HERE = pathlib.Path(__file__).parent

SAMPLES = [
    ("cognito-idp", "SignUp", {"ClientId": "abc", "Username": "anna", "Password": "Ünsafe1!",
                               "UserAttributes": [{"Name": "email", "Value": "a@example.com"}],
                               "ClientMetadata": {"from": "page \U0001f600"}}),
    ("cognito-idp", "CreateUserPool", {"PoolName": "people", "UsernameAttributes": ["email"],
                                       "Policies": {"PasswordPolicy": {"MinimumLength": 8, "RequireSymbols": False}}}),
    ("logs", "FilterLogEvents", {"logGroupName": "/aws/lambda/hello", "startTime": 1700000000000, "limit": 5}),
    ("cloudformation", "CreateStack", {
        "StackName": "svc-dev", "TemplateBody": "{\"Resources\": {}} & <more>\n",
        "Parameters": [{"ParameterKey": "A", "ParameterValue": "1 + 1"}, {"ParameterKey": "B", "UsePreviousValue": True}],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], "NotificationARNs": [], "TimeoutInMinutes": 5,
        "Tags": [{"Key": f"k{n}", "Value": str(n)} for n in range(12)], "DisableRollback": False}),
    ("cloudformation", "CreateChangeSet", {
        "StackName": "svc-dev", "ChangeSetName": "c1",
        "ResourcesToImport": [{"ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "B",
                               "ResourceIdentifier": {"BucketName": "b.1", "x": "y"}}],
        "RollbackConfiguration": {"RollbackTriggers": [{"Arn": "arn:aws:x", "Type": "t"}], "MonitoringTimeInMinutes": 1}}),
    ("cloudformation", "DescribeStacks", {}),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "session", "DurationSeconds": 900,
                           "Tags": [{"Key": "a", "Value": "b"}], "TransitiveTagKeys": ["a"]}),
    ("sts", "GetCallerIdentity", {}),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{\"Version\": \"2012-10-17\"}",
                           "Tags": [{"Key": "a", "Value": ""}]}),
    ("lambda", "CreateFunction", {
        "FunctionName": "hello", "Role": "arn:aws:iam::000000000000:role/r", "Runtime": "nodejs20.x",
        "Handler": "index.handler", "Code": {"ZipFile": b"PK\x00\xff"}, "Timeout": 6, "Publish": True,
        "Environment": {"Variables": {"STAGE": "1"}}, "Layers": []}),
    ("lambda", "Invoke", {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:hello", "Qualifier": "live",
                          "InvocationType": "RequestResponse", "LogType": "Tail", "Payload": b"{\"a\": 1}"}),
    ("lambda", "Invoke", {"FunctionName": "hello"}),
    ("lambda", "GetFunction", {"FunctionName": "hello:$LATEST"}),
    ("lambda", "ListFunctions", {"MaxItems": 50, "Marker": "a b&c"}),
    ("lambda", "TagResource", {"Resource": "arn:aws:lambda:us-east-1:000000000000:function:hello", "Tags": {"a": "b"}}),
    ("lambda", "UntagResource", {"Resource": "arn:aws:lambda:us-east-1:000000000000:function:hello",
                                 "TagKeys": ["a", "b c"]}),
    ("lambda", "AddPermission", {"FunctionName": "hello", "StatementId": "s", "Action": "lambda:InvokeFunction",
                                 "Principal": "apigateway.amazonaws.com"}),
]


def model(session, service):
    return session.get_service_model(service)


def plain(value):
    """As the rooms speak it: blobs as base64, timestamps as epoch seconds."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def requests(session):
    recorded = []
    for service, operation, parameters in SAMPLES:
        service_model = model(session, service)
        protocol = service_model.metadata["protocol"]
        serializer = create_serializer(protocol, include_validation=False)
        request = serializer.serialize_to_request(parameters, service_model.operation_model(operation))
        body = request["body"]
        if isinstance(body, dict):
            import urllib.parse
            body = urllib.parse.urlencode(body)
        prepare_request_dict(request, "http://localhost:4747")
        path = request["url"].removeprefix("http://localhost:4747")
        body = body if isinstance(body, bytes) else (body or "").encode()
        recorded.append({
            "service": service, "operation": operation, "input": plain(parameters), "method": request["method"],
            "path": path, "headers": {key: str(value) for key, value in request["headers"].items()},
            "body": base64.b64encode(body).decode(),
        })
    (HERE / "requests.json").write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(len(recorded), "requests recorded")


def answers(session):
    wrong = 0
    recorded = json.loads((HERE / "answers.json").read_text())
    for answer in recorded:
        service_model = model(session, answer["service"])
        operation = service_model.operation_model(answer["operation"])
        parser = create_parser(service_model.metadata["protocol"])
        response = {"status_code": answer["status"], "headers": HeadersDict(answer["headers"]),
                    "body": base64.b64decode(answer["body"])}
        if operation.has_streaming_output and answer["status"] < 300:
            import io
            response["body"] = io.BytesIO(response["body"])
        parsed = parser.parse(response, operation.output_shape)
        metadata = parsed.pop("ResponseMetadata")
        if operation.has_streaming_output and "Payload" in parsed:
            parsed["Payload"] = parsed["Payload"].read()
        if "error" in answer:
            found = {"Code": parsed["Error"]["Code"], "Message": parsed["Error"]["Message"]}
            wanted = answer["error"]
        else:
            found, wanted = plain(parsed), answer["output"]
        if found != wanted or metadata.get("RequestId") != "the-request-id":
            wrong += 1
            print("wrong:", answer["service"], answer["operation"], found, wanted, metadata)
    print(len(recorded), "answers read,", wrong, "wrong")
    return wrong


if __name__ == "__main__":
    session = botocore.session.get_session()
    if sys.argv[1:] == ["requests"]:
        requests(session)
    elif sys.argv[1:] == ["answers"]:
        sys.exit(1 if answers(session) else 0)
    else:
        sys.exit(__doc__)
