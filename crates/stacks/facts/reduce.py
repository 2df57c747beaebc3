#!/usr/bin/env python3
"""Reduces the CloudFormation resource schemas that cfn-lint carries to resource-types.json.

usage: pip install cfn-lint==1.51.0 && python3 crates/stacks/facts/reduce.py

Only facts are kept: names, types, enumerations, which properties are required, read-only or fixed at creation.
"""

import importlib.util
import json
import pathlib

import cfnlint

TYPES = """
AWS::ApiGateway::Account AWS::ApiGateway::ApiKey AWS::ApiGateway::Authorizer AWS::ApiGateway::Deployment
AWS::ApiGateway::GatewayResponse AWS::ApiGateway::Method AWS::ApiGateway::Model AWS::ApiGateway::RequestValidator
AWS::ApiGateway::Resource AWS::ApiGateway::RestApi AWS::ApiGateway::Stage AWS::ApiGateway::UsagePlan
AWS::ApiGateway::UsagePlanKey AWS::Cognito::UserPool AWS::Cognito::UserPoolClient AWS::Cognito::UserPoolDomain
AWS::Cognito::UserPoolGroup AWS::Cognito::UserPoolResourceServer AWS::IAM::Role AWS::Lambda::Alias
AWS::Lambda::EventInvokeConfig AWS::Lambda::Function
AWS::Lambda::Permission AWS::Lambda::Version AWS::Logs::LogGroup AWS::S3::Bucket AWS::S3::BucketPolicy
""".split()

SCHEMAS = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"


def region_index():
    spec = importlib.util.spec_from_file_location("region", SCHEMAS / "providers" / "us_east_1.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.types


def shape(schema):
    kept = {}
    if "$ref" in schema:
        kept["ref"] = schema["$ref"].rsplit("/", 1)[-1]
        return kept
    types = schema.get("type")
    if types is not None:
        kept["type"] = types if isinstance(types, list) else [types]
    if "enum" in schema:
        kept["enum"] = schema["enum"]
    if "items" in schema:
        kept["items"] = shape(schema["items"])
    if schema.get("properties"):
        kept["properties"] = {name: shape(inner) for name, inner in schema["properties"].items()}
    if schema.get("required"):
        kept["required"] = schema["required"]
    if schema.get("patternProperties"):
        kept["values"] = shape(next(iter(schema["patternProperties"].values())))
    elif isinstance(schema.get("additionalProperties"), dict):
        kept["values"] = shape(schema["additionalProperties"])
    return kept


def paths(pointers):
    return [pointer.removeprefix("/properties/").replace("/", ".") for pointer in pointers]


def main():
    index = region_index()
    reduced = {}
    for name in TYPES:
        schema = json.loads((SCHEMAS / "resources" / f"{index[name]}.json").read_text())
        reduced[name] = {
            "properties": {key: shape(inner) for key, inner in sorted(schema["properties"].items())},
            "definitions": {key: shape(inner) for key, inner in sorted(schema.get("definitions", {}).items())},
            "required": schema.get("required", []),
            "createOnly": paths(schema.get("createOnlyProperties", [])),
            "readOnly": paths(schema.get("readOnlyProperties", [])),
        }
    lines = [f"{json.dumps(name)}:{json.dumps(facts, separators=(',', ':'), sort_keys=True)}" for name, facts in reduced.items()]
    target = pathlib.Path(__file__).with_name("resource-types.json")
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
