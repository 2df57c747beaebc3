"""The AWS CLI, unchanged: what a newcomer would type, taken from what `deploy` and `info` print."""

import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.server import REPOSITORY, Server  # noqa: E402

AWS = str(REPOSITORY / "clients/.venv/bin/aws")


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)

    def aws(self, *words, ok=True):
        done = subprocess.run([AWS, *words], env=self.server.environment(), capture_output=True, text=True, timeout=60)
        if ok:
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout) if done.stdout.strip() else None
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_who_am_i(self):
        self.assertTrue(self.aws("sts", "get-caller-identity")["Arn"].endswith(":root"))

    def test_the_two_lines_that_set_up_hosted_sign_in(self):
        pool = self.aws("cognito-idp", "create-user-pool", "--pool-name", "cli", "--username-attributes", "email")["UserPool"]["Id"]
        client = self.aws("cognito-idp", "create-user-pool-client", "--user-pool-id", pool, "--client-name", "web")["UserPoolClient"]["ClientId"]
        self.aws(
            "cognito-idp", "update-user-pool-client", "--user-pool-id", pool, "--client-id", client, "--supported-identity-providers", "COGNITO",
            "--callback-urls", json.dumps(["http://localhost:3000/"]), "--logout-urls", json.dumps(["http://localhost:3000/"]), "--allowed-o-auth-flows", "implicit", "code",
            "--allowed-o-auth-scopes", "openid", "email", "profile", "--allowed-o-auth-flows-user-pool-client",
        )
        self.aws("cognito-idp", "create-user-pool-domain", "--user-pool-id", pool, "--domain", "cli-shop")
        described = self.aws("cognito-idp", "describe-user-pool-domain", "--domain", "cli-shop")["DomainDescription"]
        self.assertEqual(described["UserPoolId"], pool)
        self.assertIn("InvalidParameterException", self.aws("cognito-idp", "create-user-pool-domain", "--user-pool-id", pool, "--domain", "cli-shop", ok=False))

    def test_a_bucket_and_a_file(self):
        self.aws("s3api", "create-bucket", "--bucket", "cli-bucket")
        path = self.server.data.parent / f"{self.server.data.name}.txt"
        path.write_text("hello " * 10000)
        self.addCleanup(path.unlink)
        subprocess.run([AWS, "s3", "cp", str(path), "s3://cli-bucket/a/b.txt"], env=self.server.environment(), check=True, capture_output=True, timeout=60)
        back = subprocess.run([AWS, "s3", "cp", "s3://cli-bucket/a/b.txt", "-"], env=self.server.environment(), check=True, capture_output=True, timeout=60)
        self.assertEqual(back.stdout.decode(), path.read_text())


if __name__ == "__main__":
    unittest.main()
