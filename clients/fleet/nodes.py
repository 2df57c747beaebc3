"""Poolhouse nodes: the same binary, the same master key, the same database, and nothing else in common."""

import base64
import os
import pathlib
import secrets
import signal
import subprocess
import urllib.error
import urllib.request

from processes import free_ports, until

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("POOLHOUSE_BINARY", str(REPOSITORY / "target/release/poolhouse"))


class Nodes:
    def __init__(self, processes, folder, base, database_url, count=2):
        self.processes = processes
        self.base = base
        self.key = ("AKIA" + secrets.token_hex(8).upper(), secrets.token_hex(20))
        master_key = pathlib.Path(folder) / "master.key"
        master_key.write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        master_key.chmod(0o600)
        self.database = ["--database-url", database_url, "--master-key-file", master_key] if database_url else []
        ports = free_ports(count)
        self.all = [Node(f"node{number}", port, pathlib.Path(folder) / f"node{number}") for number, port in enumerate(ports)]

    def start(self):
        """All at once: each tries to lay the tables."""
        for node in self.all:
            self.start_one(node)
        for node in self.all:
            until(node.ready, 60, lambda one=node: f"{one.name} is not ready:\n{one.process.tail()}")

    def start_one(self, node):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POOLHOUSE_"))}
        env = {**clean, "POOLHOUSE_ROOT_ACCESS_KEY_ID": self.key[0], "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": self.key[1]}
        node.process = self.processes.start(node.name, [
            BINARY, "serve", "--listen", f"127.0.0.1:{node.port}", "--base-url", self.base, "--data", node.data, *self.database,
        ], env=env)

    def command(self, node, *words):
        """The command line, against one node."""
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POOLHOUSE_"))},
            "AWS_ACCESS_KEY_ID": self.key[0], "AWS_SECRET_ACCESS_KEY": self.key[1], "POOLHOUSE_ENDPOINT": node.base,
        }
        return subprocess.run([BINARY, *map(str, words)], env=env, capture_output=True, text=True, timeout=120, check=False)


class Node:
    def __init__(self, name, port, data):
        self.name = name
        self.port = port
        self.data = data
        self.base = f"http://127.0.0.1:{port}"
        self.process = None

    def get(self, path, timeout=5):
        """(status, headers, body), or (None, {}, why) where nothing answered."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, dict(refused.headers), refused.read().decode(errors="replace")
        except OSError as cause:
            return None, {}, str(cause)

    def ready(self):
        return self.get("/health/ready", timeout=3)[0] == 200

    def kill(self):
        """The process and the workers of its functions: the machine is gone."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in self.process.tree():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self.process.wait(10)
