"""boto3, unchanged, against a real server: administration, people, errors, S3, STS, Lambda and CloudFormation."""

import io
import json
import pathlib
import sys
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from botocore.exceptions import ClientError  # noqa: E402
from pycognito import AWSSRP  # noqa: E402
from support.server import Server  # noqa: E402

POLICY = {"PasswordPolicy": {"MinimumLength": 6, "RequireUppercase": True, "RequireNumbers": True, "RequireLowercase": False, "RequireSymbols": False}}
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.admin = cls.server.client("cognito-idp")
        cls.guest = cls.server.client("cognito-idp", signed=False)
        cls.pool = cls.admin.create_user_pool(PoolName="test", UsernameAttributes=["email"], AutoVerifiedAttributes=["email"], Policies=POLICY)["UserPool"]["Id"]
        cls.app = cls.admin.create_user_pool_client(UserPoolId=cls.pool, ClientName="web", ExplicitAuthFlows=FLOWS, PreventUserExistenceErrors="ENABLED")["UserPoolClient"]["ClientId"]

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response["Error"]["Message"]


class People(Case):
    def test_an_invited_person_sets_a_password_with_srp(self):
        email = "invited@example.com"
        made = self.admin.admin_create_user(UserPoolId=self.pool, Username=email, UserAttributes=[{"Name": "email", "Value": email}])["User"]
        self.assertEqual(made["UserStatus"], "FORCE_CHANGE_PASSWORD")
        import re

        text = self.server.newest_text(email)
        temporary = re.search(r"temporary password is (\S+)", text).group(1).rstrip(".")
        self.refused("NotAuthorizedException", self.guest.initiate_auth, ClientId=self.app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": email, "PASSWORD": "Wrong1"})
        srp = AWSSRP(username=email, password=temporary, pool_id=self.pool, client_id=self.app, client=self.guest)
        tokens = srp.set_new_password_challenge("Permanent1")
        self.assertIn("IdToken", tokens["AuthenticationResult"])
        self.assertEqual(self.admin.admin_get_user(UserPoolId=self.pool, Username=email)["UserStatus"], "CONFIRMED")

    def test_list_users_pages_and_filters(self):
        for number in range(5):
            self.admin.admin_create_user(UserPoolId=self.pool, Username=f"list{number}@example.com", MessageAction="SUPPRESS", UserAttributes=[{"Name": "email", "Value": f"list{number}@example.com"}])
        pages = list(self.admin.get_paginator("list_users").paginate(UserPoolId=self.pool, PaginationConfig={"PageSize": 2}))
        names = [user["Username"] for page in pages for user in page["Users"]]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(pages), 3)
        found = self.admin.list_users(UserPoolId=self.pool, Filter='email ^= "list3"')["Users"]
        self.assertEqual(len(found), 1)
        self.refused("InvalidParameterException", self.admin.list_users, UserPoolId=self.pool, Filter="nonsense ~ 3")

    def test_a_client_with_a_secret_wants_the_hash(self):
        import base64
        import hashlib
        import hmac

        app = self.admin.create_user_pool_client(UserPoolId=self.pool, ClientName="server", GenerateSecret=True, ExplicitAuthFlows=FLOWS)["UserPoolClient"]
        self.refused("NotAuthorizedException", self.guest.sign_up, ClientId=app["ClientId"], Username="s@example.com", Password="Passw0rd")
        digest = base64.b64encode(hmac.new(app["ClientSecret"].encode(), b"s@example.com" + app["ClientId"].encode(), hashlib.sha256).digest()).decode()
        self.guest.sign_up(ClientId=app["ClientId"], Username="s@example.com", Password="Passw0rd", SecretHash=digest)

    def test_admin_calls_without_a_key_are_turned_away(self):
        for call, arguments in [
            (self.guest.list_users, {"UserPoolId": self.pool}),
            (self.guest.admin_create_user, {"UserPoolId": self.pool, "Username": "x@example.com"}),
            (self.guest.create_user_pool, {"PoolName": "mine"}),
            (self.guest.delete_user_pool, {"UserPoolId": self.pool}),
            (self.guest.admin_set_user_password, {"UserPoolId": self.pool, "Username": "x@example.com", "Password": "Passw0rd", "Permanent": True}),
        ]:
            self.refused("MissingAuthenticationTokenException", call, **arguments)

    def test_input_past_its_limits_is_refused_in_aws_words(self):
        message = self.refused("InvalidParameterException", self.server.client("cognito-idp", parameter_validation=False).describe_user_pool, UserPoolId="nonsense")
        self.assertIn("1 validation error detected", message)
        self.refused("ResourceNotFoundException", self.admin.describe_user_pool, UserPoolId="us-east-1_000000000")


class Machines(Case):
    def test_sts_s3_and_lambda(self):
        identity = self.server.client("sts").get_caller_identity()
        self.assertEqual(identity["Account"], "000000000000")
        s3 = self.server.client("s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="things")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("index.js", "exports.handler = async (event) => ({ sum: event.a + event.b });")
        s3.put_object(Bucket="things", Key="a/code.zip", Body=archive.getvalue())
        self.assertEqual(s3.get_object(Bucket="things", Key="a/code.zip")["Body"].read(), archive.getvalue())
        self.assertEqual([one["Key"] for one in s3.list_objects_v2(Bucket="things")["Contents"]], ["a/code.zip"])
        iam = self.server.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        role = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        functions = self.server.client("lambda")
        functions.create_function(FunctionName="add", Runtime="nodejs20.x", Role=role, Handler="index.handler", Code={"S3Bucket": "things", "S3Key": "a/code.zip"})
        answer = functions.invoke(FunctionName="add", Payload=json.dumps({"a": 2, "b": 3}))
        self.assertEqual(json.loads(answer["Payload"].read()), {"sum": 5})
        self.assertEqual(self.refused("ResourceNotFoundException", functions.invoke, FunctionName="nobody")[:18], "Function not found")

    def test_a_stack_with_a_mistake_is_refused_whole(self):
        stacks = self.server.client("cloudformation")
        template = {"Resources": {"A": {"Type": "AWS::DynamoDB::Table"}, "B": {"Type": "AWS::SNS::Topic"}}}
        message = self.refused("ValidationError", stacks.create_stack, StackName="wrong", TemplateBody=json.dumps(template))
        self.assertIn("AWS::DynamoDB::Table", message)
        self.assertIn("AWS::SNS::Topic", message)
        self.refused("ValidationError", stacks.describe_stacks, StackName="wrong")


if __name__ == "__main__":
    unittest.main()
