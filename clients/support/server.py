"""Starts the built binary on a free port and an empty data folder, and stops it again."""

import configparser
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

import boto3
import botocore
from botocore.config import Config

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("POOLHOUSE_BINARY", str(REPOSITORY / "target/release/poolhouse"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, *args, data=None, port=None):
        self.port = port or free_port()
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="poolhouse-data-"))
        self.base = f"http://localhost:{self.port}"
        self.log_path = self.data.parent / f"{self.data.name}.log"
        self.log = open(self.log_path, "ab")
        words = [BINARY, "serve", "--listen", f"127.0.0.1:{self.port}", "--base-url", self.base, "--data", str(self.data), *args]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"poolhouse ended early: {self.log_path.read_text()}")
            try:
                with urllib.request.urlopen(f"{self.base}/health/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                if time.monotonic() > end:
                    raise RuntimeError(f"poolhouse was not ready: {self.log_path.read_text()}") from None
                time.sleep(0.02)

    def credentials(self):
        parser = configparser.ConfigParser()
        parser.read(self.data / "credentials")
        section = parser["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"]

    def environment(self):
        key, secret = self.credentials()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **clean, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.base, "AWS_PAGER": "", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service, signed=True, **options):
        key, secret = self.credentials() if signed else (None, None)
        config = Config(retries={"max_attempts": 1, "mode": "standard"}, **({} if signed else {"signature_version": botocore.UNSIGNED}), **options)
        return boto3.client(
            service, endpoint_url=self.base, region_name="us-east-1",
            aws_access_key_id=key, aws_secret_access_key=secret, config=config,
        )

    def messages(self, to):
        folder = self.data / "outbox"
        found = list(folder.glob("*.eml")) if folder.exists() else []
        texts = [path.read_text() for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]
        return [text for text in texts if to in text]

    def newest_text(self, to, count=1):
        end = time.monotonic() + 20
        while len(self.messages(to)) < count:
            if time.monotonic() > end:
                raise RuntimeError(f"no message for {to}: {self.log_path.read_text()}")
            time.sleep(0.02)
        mail = self.messages(to)[-1]
        return re.sub(r"=\r?\n", "", mail[re.search(r"\r?\n\r?\n", mail).start():])

    def newest_code(self, to, count=1):
        return re.search(r"\b(\d{6})\b", self.newest_text(to, count)).group(1)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def remove(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        self.log_path.unlink(missing_ok=True)
