"""PgBouncer in transaction mode before the database, and HAProxy before the members so that it always reaches the primary: for
fleets with more connections than PostgreSQL likes (`run --pgbouncer`)."""

import os
import pathlib
import shutil

from postgres import DATABASE, ROLE
from processes import UNPRIVILEGED, free_ports

TO_THE_PRIMARY = """
global
    maxconn 500
defaults
    mode tcp
    log stderr format raw local0 notice
    timeout connect 1s
    timeout client 1h
    timeout server 1h
frontend primary
    bind 127.0.0.1:{port}
    default_backend members
backend members
    # Patroni answers 200 for the member that leads, and for no other (Patroni documentation, "Patroni REST API").
    option httpchk OPTIONS /primary
    http-check expect status 200
    # Connections to who leads no more are cut: they would wait for a server that takes no writes.
    default-server check inter 500ms fastinter 200ms downinter 300ms fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""

CONFIGURATION = """
[databases]
{database} = host=127.0.0.1 port={primary} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 200
# A server that froze is noticed before our own statements give up.
server_connect_timeout = 2
server_login_retry = 0.5
query_timeout = 6
tcp_keepalive = 1
tcp_user_timeout = 5000
ignore_startup_parameters = extra_float_digits,options
"""


class PgBouncer:
    def __init__(self, processes, folder, postgres):
        self.processes = processes
        self.folder = pathlib.Path(folder)
        self.postgres = postgres
        self.primary, self.port = free_ports(2)

    def start(self):
        servers = "\n".join(
            f"    server {one.name} 127.0.0.1:{one.port} check port {one.rest_port}" for one in self.postgres.members)
        routes = self.folder / "primary.cfg"
        routes.write_text(TO_THE_PRIMARY.format(port=self.primary, servers=servers))
        self.processes.start("primary", [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", routes])
        users = self.folder / "users.txt"
        users.write_text(f'"{ROLE}" "{self.postgres.passwords[ROLE]}"\n')
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(CONFIGURATION.format(database=DATABASE, primary=self.primary, port=self.port, users=users))
        for path in (users, settings):
            path.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(path, UNPRIVILEGED, UNPRIVILEGED)
        self.processes.start("pgbouncer", [shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", settings], user=UNPRIVILEGED)

    def url(self):
        return f"postgres://{ROLE}:{self.postgres.passwords[ROLE]}@127.0.0.1:{self.port}/{DATABASE}?pgbouncer=true"
