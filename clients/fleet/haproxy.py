"""HAProxy before the Poolhouse nodes: any node may answer any request, and one that is not ready gets none."""

import pathlib
import shutil

from processes import free_ports

CONFIGURATION = """
global
    maxconn 500
    stats socket {folder}/haproxy.sock mode 600

defaults
    mode http
    log stderr format raw local0 notice
    timeout connect 1s
    timeout client 30s
    # Longer than any answer takes: a node that gives up on its database says so itself, much sooner.
    timeout server 30s
    timeout http-request 10s
    timeout queue 5s
    # Each request finds its own node: nothing here depends on which.
    option http-server-close
    option forwardfor
    # A request that no node has seen (the connection failed) goes to the other. One that a node may have begun is never
    # sent twice: it may not be repeatable.
    retries 3
    retry-on conn-failure
    option redispatch 1

frontend poolhouse
    bind 127.0.0.1:{port}
    # Where no node is ready: the same answer that a node itself gives.
    http-request return status 503 content-type application/json hdr Retry-After 1 string '{{"message":"no node is ready"}}' if {{ nbsrv(nodes) eq 0 }}
    default_backend nodes

backend nodes
    balance roundrobin
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host localhost
    http-check expect status 200
    default-server check inter 500ms fastinter 200ms downinter 300ms fall 2 rise 1
{servers}
"""


class HaProxy:
    def __init__(self, processes, folder):
        self.processes = processes
        self.folder = pathlib.Path(folder)
        self.port = free_ports(1)[0]
        self.base = f"http://localhost:{self.port}"
        self.process = None

    def start(self, nodes):
        path = self.folder / "haproxy.cfg"
        servers = "\n".join(f"    server {node.name} 127.0.0.1:{node.port}" for node in nodes)
        path.write_text(CONFIGURATION.format(folder=self.folder, port=self.port, servers=servers))
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        # -db: stays in the foreground.
        self.process = self.processes.start("haproxy", [program, "-db", "-f", path])
