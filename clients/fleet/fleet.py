"""All of it together, in a temporary folder."""

import os
import pathlib
import shutil
import tempfile

import requests

from etcd import Etcd
from haproxy import HaProxy
from nodes import Nodes
from people import World
from pgbouncer import PgBouncer
from postgres import Postgres
from processes import UNPRIVILEGED, Processes, until


class Fleet:
    """Use as a context. `embedded`: one node on its own engine, to try the load and the ledger without a database."""

    def __init__(self, embedded=False, pgbouncer=False):
        self.embedded = embedded
        self.pgbouncer = pgbouncer
        # A short path: PostgreSQL's sockets lie in it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fleet-"))
        self.processes = Processes(self.folder)
        self.keep = False

    def __enter__(self):
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            shutil.chown(self.folder, UNPRIVILEGED, UNPRIVILEGED)
        self.processes.__enter__()
        return self

    def __exit__(self, kind, *rest):
        self.processes.__exit__(kind, *rest)
        if self.keep or kind is not None:
            print(f"logs are in {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start_database(self):
        self.etcd = Etcd(self.processes, self.folder)
        self.etcd.start()
        self.postgres = Postgres(self.processes, self.folder, self.etcd)
        self.postgres.start()

    def start(self):
        if not self.embedded:
            self.start_database()
        self.haproxy = HaProxy(self.processes, self.folder)
        url = None if self.embedded else self.database_url()
        self.nodes = Nodes(self.processes, self.folder, self.haproxy.base, url, count=1 if self.embedded else 2)
        self.nodes.start()
        self.haproxy.start(self.nodes.all)
        self.world = World(self.haproxy.base, self.nodes)
        until(self.answers, 10, lambda: f"HAProxy does not answer:\n{self.haproxy.process.tail()}")
        self.world.make()

    def database_url(self):
        if not self.pgbouncer:
            return self.postgres.url()
        between = PgBouncer(self.processes, self.folder, self.postgres)
        between.start()
        return between.url()

    def answers(self):
        try:
            return requests.get(f"{self.haproxy.base}/health/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def whole(self):
        """Everything that was started runs and does its part."""
        if not self.embedded and not (self.postgres.whole() and all(member.healthy() for member in self.etcd.members)):
            return False
        return all(node.ready() for node in self.nodes.all) and self.answers()

    def bases(self):
        """Two addresses at which the same thing may be shown."""
        found = self.world.everywhere()
        return found if len(found) > 1 else found * 2
