"""Three PostgreSQL under Patroni. What each setting is for stands beside it; the words are those of Patroni's documentation
("Dynamic Configuration Settings", "Replication modes", "DCS Failsafe Mode") and of PostgreSQL's ("Server Configuration").
"""

import json
import os
import pathlib
import secrets
import shutil
import signal
import sys
import urllib.error
import urllib.request

import psycopg
import yaml

from processes import UNPRIVILEGED, descendants, free_ports, send, until

DATABASE = "poolhouse"
ROLE = "poolhouse"
BINARIES = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), pathlib.Path("/usr/bin"))

# In etcd, for all members alike.
DYNAMIC = {
    # A machine that is gone is noticed when its leader key runs out: this is nearly the whole gap of "node killed".
    # 20 is the least that Patroni takes. loop_wait + 2 * retry_timeout must not be more.
    "ttl": 20,
    # How soon a live Patroni notices that its PostgreSQL died; the default of 10 is most of the gap of "postmaster killed".
    "loop_wait": 1,
    # etcd and PostgreSQL may fail to answer this long before the primary steps down.
    "retry_timeout": 5,
    # Applies to asynchronous standbys alone: with synchronous_mode only a standby that has every acknowledged commit may lead.
    "maximum_lag_on_failover": 1048576,
    # A commit is answered when a standby has it on disk too, and only such a standby may lead. Without this a killed
    # primary takes acknowledged writes with it.
    "synchronous_mode": True,
    # With no standby left the last one goes on alone (and nobody else may lead until one has caught up). 'true' would
    # refuse writes instead: choose it where a second disk matters more than going on.
    "synchronous_mode_strict": False,
    # etcd lost: the primary goes on while it reaches every member itself, instead of stepping down at once.
    "failsafe_mode": True,
    # PostgreSQL crashed: hand over at once rather than waiting up to 300 s for its recovery. Safe because of synchronous_mode.
    "primary_start_timeout": 0,
    # Asked to step down, PostgreSQL gets this long to stop before it is killed. Only looked at with synchronous_mode.
    "primary_stop_timeout": 5,
    "postgresql": {
        # What a killed primary wrote and nobody got is taken back, so that it can follow the new one.
        "use_pg_rewind": True,
        "remove_data_directory_on_rewind_failure": True,
        "remove_data_directory_on_diverged_timelines": True,
        "use_slots": True,
        "parameters": {
            "wal_level": "replica",
            "hot_standby": "on",
            "wal_log_hints": "on",
            "max_connections": 60,
            "max_wal_senders": 8,
            "max_replication_slots": 8,
            # The standby has it on disk, not only in memory.
            "synchronous_commit": "on",
            # A standby that says nothing for so long holds no commit up any longer; 60 s by default.
            "wal_sender_timeout": "5s",
            "wal_receiver_timeout": "5s",
            # After a change of leader standbys come back this soon; 5 s by default.
            "wal_retrieve_retry_interval": "500ms",
            # A transaction left open by a client that froze keeps its locks this long and no longer.
            "idle_in_transaction_session_timeout": "15s",
            # A vanished client's connection is given up.
            "tcp_keepalives_idle": 5,
            "tcp_keepalives_interval": 2,
            "tcp_keepalives_count": 3,
            # Three databases share a test machine.
            "shared_buffers": "64MB",
            "log_min_messages": "warning",
        },
    },
}


class Postgres:
    def __init__(self, processes, folder, etcd, count=3):
        self.processes = processes
        self.folder = folder
        self.etcd = etcd
        self.passwords = {name: secrets.token_hex(16) for name in ("superuser", "replication", ROLE)}
        ports = free_ports(2 * count)
        self.members = [Member(f"pg{number}", folder, ports[2 * number], ports[2 * number + 1]) for number in range(count)]

    def start(self):
        for member in self.members:
            self._configure(member)
            self.start_one(member)
        leader = until(self.leader, 60, lambda: f"no leader:\n{self.members[0].process.tail()}")
        self._make_database(leader)
        until(self.whole, 60, lambda: f"no synchronous standby: {self.states()}")

    def start_one(self, member):
        patroni = pathlib.Path(sys.executable).parent / "patroni"
        # A killed Patroni leaves its PostgreSQL running, one that is asked takes it along.
        member.process = self.processes.start(member.name, [patroni, member.configuration], user=UNPRIVILEGED, orphaned="TERM")

    def _configure(self, member):
        password = self.passwords
        config = {
            "scope": "fleet",
            "name": member.name,
            "restapi": {"listen": f"127.0.0.1:{member.rest_port}", "connect_address": f"127.0.0.1:{member.rest_port}"},
            "etcd3": {"hosts": self.etcd.addresses()},
            "bootstrap": {
                "dcs": DYNAMIC,
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{member.port}",
                "connect_address": f"127.0.0.1:{member.port}",
                "data_dir": str(member.data),
                "bin_dir": str(BINARIES),
                "pgpass": str(self.folder / f"{member.name}.pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres", "password": password["superuser"]},
                    "replication": {"username": "replicator", "password": password["replication"]},
                    "rewind": {"username": "postgres", "password": password["superuser"]},
                },
                # A new standby does not wait for the next regular checkpoint, minutes away.
                "basebackup": {"checkpoint": "fast"},
                "parameters": {"unix_socket_directories": str(self.folder)},
                "pg_hba": [
                    "host replication replicator 127.0.0.1/32 scram-sha-256",
                    "host all all 127.0.0.1/32 scram-sha-256",
                    "local all all scram-sha-256",
                ],
            },
            # A frozen primary that wakes still believes that it leads until Patroni's next look. Acknowledged writes are
            # safe (a commit waits for a standby that has moved on), stale reads are not: give a real machine a watchdog.
            "watchdog": {"mode": "off"},
        }
        member.configuration.write_text(yaml.safe_dump(config, sort_keys=False))
        member.configuration.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(member.configuration, UNPRIVILEGED, UNPRIVILEGED)

    def _make_database(self, leader):
        words = f"host=127.0.0.1 port={leader.port} user=postgres dbname=postgres connect_timeout=5"
        with psycopg.connect(words, password=self.passwords["superuser"], autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.passwords[ROLE]}'")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")

    def url(self):
        """Every host, and only the one that takes writes: libpq's words, which tokio-postgres knows too."""
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"postgres://{ROLE}:{self.passwords[ROLE]}@{hosts}/{DATABASE}?target_session_attrs=read-write&connect_timeout=2"

    def states(self):
        """What Patroni says of all members, from the first that answers."""
        for member in self.members:
            answer = member.ask("cluster")
            if answer:
                return answer["members"]
        return []

    def leader(self):
        """The member that holds the leader key and takes writes."""
        return next((member for member in self.members if member.ask("primary")), None)

    def synchronous(self):
        return next((member for member in self.members if member.ask("synchronous")), None)

    def whole(self):
        """One leads, the others stream, one of them synchronously."""
        states = {one["name"]: one for one in self.states()}
        roles = [states.get(member.name, {}).get("role") for member in self.members]
        streaming = all(
            states.get(member.name, {}).get("state") in ("running", "streaming") for member in self.members
        )
        return streaming and roles.count("leader") == 1 and "sync_standby" in roles and self.leader() is not None

    def switchover(self, leader, candidate):
        answer = self.members[0].post("switchover", {"leader": leader.name, "candidate": candidate.name})
        if answer[0] != 200:
            raise RuntimeError(f"switchover refused: {answer}")


class Member:
    def __init__(self, name, folder, port, rest_port):
        self.name = name
        self.port = port
        self.rest_port = rest_port
        self.data = pathlib.Path(folder) / f"{name}-data"
        self.configuration = pathlib.Path(folder) / f"{name}.yml"
        self.process = None

    def ask(self, path):
        """JSON of a 2xx answer, or None."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest_port}/{path}", timeout=2) as answer:
                return json.loads(answer.read() or b"true")
        except (OSError, ValueError):
            return None

    def post(self, path, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rest_port}/{path}", json.dumps(body).encode(), {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def postmaster(self):
        """The pid of its PostgreSQL: the first line of postmaster.pid, if that process is ours and is it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            mine = str(self.data).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        return pid if mine and pid in descendants(os.getpid()) else None

    def server_processes(self):
        pid = self.postmaster()
        return [] if pid is None else [pid, *descendants(pid)]

    def kill_postmaster(self):
        pid = self.postmaster()
        if pid is not None:
            send(pid, signal.SIGKILL)

    def kill_machine(self):
        """Patroni, the postmaster and every backend, in one go."""
        pids = [self.process.pid, *self.server_processes(), *descendants(self.process.pid)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                send(pid, number)

    def freeze(self, patroni):
        pids = self.server_processes() + (self.process.tree() if patroni else [])
        for pid in pids:
            send(pid, signal.SIGSTOP)
        return pids
