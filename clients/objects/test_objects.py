"""boto3 and the AWS CLI against `crates/objects`, on a socket of its own (its example `s3_server`)."""

import hashlib
import io
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

try:
    import boto3
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    sys.exit("boto3 is missing: python3 -m venv clients/.venv && clients/.venv/bin/pip install -r clients/requirements.txt")

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def setUpModule():
    global SERVER, PORT
    build = ["cargo", "build", "--quiet", "-p", "poolhouse-objects", "--example", "s3_server"]
    subprocess.run(build, cwd=REPOSITORY, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    SERVER = subprocess.Popen([target / "debug/examples/s3_server"], stdout=subprocess.PIPE, text=True)
    PORT = int(SERVER.stdout.readline())


def tearDownModule():
    SERVER.kill()
    SERVER.wait()
    SERVER.stdout.close()


def client(style="path", **s3):
    return boto3.client(
        "s3", endpoint_url=f"http://localhost:{PORT}", region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(s3={"addressing_style": style, **s3}, retries={"max_attempts": 1}),
    )


class Objects(unittest.TestCase):
    def setUp(self):
        self.s3 = client()
        self.bucket = f"bucket-{self.id().split('.')[-1].replace('_', '-')}"[:63].rstrip("-")
        self.s3.create_bucket(Bucket=self.bucket)

    def refused(self, code, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response

    def test_buckets(self):
        s3 = self.s3
        self.assertIn(self.bucket, [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]])
        self.assertIsNone(s3.get_bucket_location(Bucket=self.bucket)["LocationConstraint"])
        self.assertEqual(s3.head_bucket(Bucket=self.bucket)["BucketRegion"], "us-east-1")
        s3.put_object(Bucket=self.bucket, Key="k", Body=b"x")
        self.refused("BucketNotEmpty", s3.delete_bucket, Bucket=self.bucket)
        s3.delete_object(Bucket=self.bucket, Key="k")
        s3.delete_bucket(Bucket=self.bucket)
        self.refused("404", s3.head_bucket, Bucket=self.bucket)
        self.refused("NoSuchBucket", s3.list_objects_v2, Bucket=self.bucket)
        s3.get_waiter("bucket_not_exists").wait(Bucket=self.bucket)

    def test_every_checksum_and_an_odd_key(self):
        key = "a b/ü+&%<>\"'~/\x01.zip"
        for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
            if algorithm in ("CRC32C", "CRC64NVME"):
                try:
                    import awscrt  # noqa: F401
                except ImportError:
                    continue
            put = self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"hello", ChecksumAlgorithm=algorithm,
                                     ContentType="application/zip", Metadata={"stage": "dev"})
            got = self.s3.get_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
            self.assertEqual(got["Body"].read(), b"hello")
            self.assertEqual(got[f"Checksum{algorithm}"], put[f"Checksum{algorithm}"])
            self.assertEqual((got["ContentType"], got["Metadata"]), ("application/zip", {"stage": "dev"}))
            self.assertEqual(got["ETag"], f'"{hashlib.md5(b"hello").hexdigest()}"')
        self.assertEqual([entry["Key"] for entry in self.s3.list_objects_v2(Bucket=self.bucket)["Contents"]], [key])
        attributes = self.s3.get_object_attributes(Bucket=self.bucket, Key=key, ObjectAttributes=["ETag", "ObjectSize"])
        self.assertEqual(attributes["ObjectSize"], 5)
        self.refused("NoSuchKey", self.s3.get_object, Bucket=self.bucket, Key="none")
        self.refused("404", self.s3.head_object, Bucket=self.bucket, Key="none")

    def test_a_signed_stream(self):
        """Over plain HTTP botocore signs the payload; a body that it cannot rewind goes in chunks with a trailer."""
        body = os.urandom(300_000)
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.seek(0)
            self.s3.put_object(Bucket=self.bucket, Key="k", Body=file, ChecksumAlgorithm="SHA256")
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="k")["Body"].read(), body)
        client(payload_signing_enabled=False).put_object(Bucket=self.bucket, Key="k2", Body=io.BytesIO(body))
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="k2")["Body"].read(), body)

    def test_pages_and_folders(self):
        for number in range(25):
            self.s3.put_object(Bucket=self.bucket, Key=f"dir {number % 5}/{number:02}", Body=b"x")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, PaginationConfig={"PageSize": 4})
        keys = [entry["Key"] for page in pages for entry in page["Contents"]]
        self.assertEqual((len(keys), keys), (25, sorted(keys)))
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Delimiter="/", PaginationConfig={"PageSize": 2})
        folders = [entry["Prefix"] for page in pages for entry in page["CommonPrefixes"]]
        self.assertEqual(folders, [f"dir {number}/" for number in range(5)])
        pages = self.s3.get_paginator("list_objects").paginate(
            Bucket=self.bucket, Delimiter="/", PaginationConfig={"PageSize": 2})
        self.assertEqual([entry["Prefix"] for page in pages for entry in page["CommonPrefixes"]], folders)
        versions = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, PaginationConfig={"PageSize": 10})
        found = [{"Key": v["Key"], "VersionId": v["VersionId"]} for page in versions for v in page["Versions"]]
        self.assertEqual(len(found), 25)
        deleted = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": found})
        self.assertEqual(len(deleted["Deleted"]), 25)
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"], 0)

    def test_parts_through_the_transfer_manager(self):
        body = os.urandom(18 << 20)
        config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
        self.s3.upload_fileobj(io.BytesIO(body), self.bucket, "big", Config=config, ExtraArgs={"Metadata": {"a": "1"}})
        head = self.s3.head_object(Bucket=self.bucket, Key="big")
        self.assertEqual((head["ContentLength"], head["Metadata"]), (len(body), {"a": "1"}))
        self.assertTrue(head["ETag"].endswith('-3"'))
        back = io.BytesIO()
        self.s3.download_fileobj(self.bucket, "big", back, Config=config)
        self.assertEqual(back.getvalue(), body)
        self.s3.copy({"Bucket": self.bucket, "Key": "big"}, self.bucket, "copied", Config=config)
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="copied", Range="bytes=-10")["Body"].read(), body[-10:])
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key="never")["UploadId"]
        self.s3.upload_part(Bucket=self.bucket, Key="never", UploadId=upload, PartNumber=1, Body=b"x")
        self.assertEqual(len(self.s3.list_parts(Bucket=self.bucket, Key="never", UploadId=upload)["Parts"]), 1)
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key="never", UploadId=upload)
        self.refused("NoSuchUpload", self.s3.list_parts, Bucket=self.bucket, Key="never", UploadId=upload)

    def test_conditions(self):
        put = self.s3.put_object(Bucket=self.bucket, Key="k", Body=b"x")
        self.refused("304", self.s3.get_object, Bucket=self.bucket, Key="k", IfNoneMatch=put["ETag"])
        self.refused("PreconditionFailed", self.s3.get_object, Bucket=self.bucket, Key="k", IfMatch='"other"')
        self.refused("PreconditionFailed", self.s3.put_object, Bucket=self.bucket, Key="k", Body=b"y", IfNoneMatch="*")
        self.s3.put_object(Bucket=self.bucket, Key="k", Body=b"y", IfMatch=put["ETag"])

    def test_what_a_deployment_bucket_is_given(self):
        s3 = self.s3
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        kept = s3.get_bucket_encryption(Bucket=self.bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(kept["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.assertEqual(s3.get_bucket_versioning(Bucket=self.bucket)["Status"], "Enabled")
        tags = [{"Key": "STAGE", "Value": "dev & <test>"}]
        s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": tags})
        self.assertEqual(s3.get_bucket_tagging(Bucket=self.bucket)["TagSet"], tags)
        s3.delete_bucket_tagging(Bucket=self.bucket)
        self.refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=self.bucket)
        s3.put_bucket_policy(Bucket=self.bucket, Policy='{"Version":"2012-10-17","Statement":[]}')
        self.assertIn("Statement", s3.get_bucket_policy(Bucket=self.bucket)["Policy"])
        block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
        s3.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration=block)
        self.assertEqual(s3.get_public_access_block(Bucket=self.bucket)["PublicAccessBlockConfiguration"], block)
        self.assertEqual(s3.get_bucket_acl(Bucket=self.bucket)["Grants"][0]["Permission"], "FULL_CONTROL")
        self.refused("NotImplemented", s3.put_bucket_website, Bucket=self.bucket,
                     WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
        s3.put_object(Bucket=self.bucket, Key="k", Body=b"x", Tagging="a=b")
        self.assertEqual(s3.get_object_tagging(Bucket=self.bucket, Key="k")["TagSet"], [{"Key": "a", "Value": "b"}])

    def test_presigned(self):
        self.s3.put_object(Bucket=self.bucket, Key="k é", Body=b"hello")
        arguments = {"Bucket": self.bucket, "Key": "k é", "ResponseContentType": "text/x"}
        with urllib.request.urlopen(self.s3.generate_presigned_url("get_object", Params=arguments)) as answer:
            self.assertEqual((answer.read(), answer.headers["Content-Type"]), (b"hello", "text/x"))

    def test_the_bucket_in_the_host(self):
        # Names under localhost are loopback (RFC 6761), though not every machine's resolver knows.
        resolve = socket.getaddrinfo
        socket.getaddrinfo = lambda host, *rest: resolve("127.0.0.1" if host.endswith(".localhost") else host, *rest)
        self.addCleanup(setattr, socket, "getaddrinfo", resolve)
        client("virtual").put_object(Bucket=self.bucket, Key="k", Body=b"by host")
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="k")["Body"].read(), b"by host")

    def test_the_aws_cli(self):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                       "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}"}

        def aws(*words):
            command = [sys.executable, "-m", "awscli", *words]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "one").write_text("1")
            pathlib.Path(folder, "sub").mkdir()
            pathlib.Path(folder, "sub", "two").write_bytes(os.urandom(9 << 20))
            aws("s3", "sync", folder, f"s3://{self.bucket}/here")
            self.assertIn("PRE here/", aws("s3", "ls", f"s3://{self.bucket}"))
            self.assertIn("9437184", aws("s3", "ls", "--recursive", f"s3://{self.bucket}"))
            aws("s3", "cp", f"s3://{self.bucket}/here/sub/two", f"{folder}/back")
            self.assertEqual(pathlib.Path(folder, "back").read_bytes(), pathlib.Path(folder, "sub", "two").read_bytes())
            aws("s3", "rm", "--recursive", f"s3://{self.bucket}")
            aws("s3", "rb", f"s3://{self.bucket}")


if __name__ == "__main__":
    unittest.main()
