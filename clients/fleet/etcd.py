"""Three etcd: who leads is decided here, so two of three must be there."""

import urllib.request

from processes import UNPRIVILEGED, free_ports, until


class Etcd:
    def __init__(self, processes, folder, count=3):
        self.processes = processes
        self.folder = folder
        ports = free_ports(2 * count)
        self.members = [Member(f"etcd{number}", ports[2 * number], ports[2 * number + 1]) for number in range(count)]

    def start(self):
        for member in self.members:
            self.start_one(member)
        for member in self.members:
            until(lambda one=member: one.healthy(), 30, lambda one=member: f"{one.name} is not healthy:\n{one.process.tail()}")

    def start_one(self, member):
        everyone = ",".join(f"{one.name}=http://127.0.0.1:{one.peer_port}" for one in self.members)
        member.process = self.processes.start(member.name, [
            "/usr/bin/etcd", "--name", member.name, "--data-dir", self.folder / member.name,
            "--listen-client-urls", member.url, "--advertise-client-urls", member.url,
            "--listen-peer-urls", member.peer_url, "--initial-advertise-peer-urls", member.peer_url,
            "--initial-cluster", everyone, "--initial-cluster-token", "fleet", "--initial-cluster-state", "new",
            # etcd's own defaults, said because every gap below includes an election where the leader's machine died
            # (etcd documentation, "Tuning": the election timeout is ten times the heartbeat).
            "--heartbeat-interval", "100", "--election-timeout", "1000", "--logger", "zap", "--log-level", "warn",
        ], user=UNPRIVILEGED)

    def addresses(self):
        return [f"127.0.0.1:{member.client_port}" for member in self.members]


class Member:
    def __init__(self, name, client_port, peer_port):
        self.name = name
        self.client_port = client_port
        self.peer_port = peer_port
        self.url = f"http://127.0.0.1:{client_port}"
        self.peer_url = f"http://127.0.0.1:{peer_port}"
        self.process = None

    def healthy(self):
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:
                return b'"true"' in answer.read()
        except OSError:
            return False
