"""Processes that this test starts, and that are all gone when it ends, however it ends.

Every process is known by the pid it was started with; what it starts itself (PostgreSQL under Patroni, the workers of
functions) becomes a child of ours when its parent dies, because we are their "subreaper" (prctl(2)). So the whole tree is
found by walking down from our own pid, and nothing that is not ours is ever sent a signal.
"""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
# An account that Debian's postgresql makes. PostgreSQL refuses to run as root.
UNPRIVILEGED = "postgres"


class Processes:
    """All of them. Use as a context: leaving it ends every one."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.started = []
        self._known = set()
        self._starting = threading.Lock()
        self._over = threading.Event()
        self._reaper = None

    def __enter__(self):
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
        self._reaper = threading.Thread(target=self._reap, name="reaper", daemon=True)
        self._reaper.start()
        return self

    def __exit__(self, *_):
        # What clients see last should not be the database going away: the newest goes first.
        for process in reversed(self.started):
            process.end(grace=8)
        self._end_descendants()
        self._over.set()

    def start(self, name, words, user=None, env=None, orphaned="KILL"):
        """`orphaned` is the signal it gets should this test itself be killed. To be called from the main thread: for the
        kernel a parent is a thread (prctl(2), PR_SET_PDEATHSIG)."""
        with self._starting:
            process = Process(name, words, self.folder / f"{name}.log", user, env, orphaned)
            self._known.add(process.pid)
        self.started.append(process)
        return process

    def _reap(self):
        """Orphans that ended are zombies until somebody asks for them, and Patroni takes a zombie for a running server."""
        while not self._over.wait(0.05):
            with self._starting:
                for pid in children(os.getpid()):
                    if pid not in self._known:
                        try:
                            os.waitpid(pid, os.WNOHANG)
                        except ChildProcessError:
                            pass

    def _end_descendants(self):
        for _ in range(50):
            left = [pid for pid in descendants(os.getpid()) if state(pid) != "Z"]
            if not left:
                return
            for pid in left:
                send(pid, signal.SIGKILL)
            time.sleep(0.1)


class Process:
    def __init__(self, name, words, log, user, env, orphaned):
        self.name = name
        self.log = log
        lead = ["setpriv", "--pdeathsig", orphaned]
        if user and os.geteuid() == 0:
            lead += [f"--reuid={user}", f"--regid={user}", "--init-groups"]
            if not readable_by(user, words[0]):
                # A checkout or an interpreter in root's home: it may read that, and is no more root for it.
                lead += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        with open(log, "ab") as out:
            self._popen = subprocess.Popen(
                [*lead, "--", *map(str, words)], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd="/",
                # A Ctrl-C on the terminal is for the test, which then ends them in order.
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def tree(self):
        return [self.pid, *descendants(self.pid)]

    def send(self, number):
        if self.running():
            send(self.pid, number)

    def end(self, grace):
        """Asks, waits, then does not ask."""
        if not self.running():
            return
        for pid in self.tree():
            send(pid, signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._popen.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self.send(signal.SIGKILL)
        self._popen.wait(10)

    def wait(self, seconds):
        self._popen.wait(seconds)

    def tail(self, lines=25):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def readable_by(user, program):
    # By way of a shell: what setpriv itself executes is still found with root's rights.
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "sh", "-c", '"$0" --version', program]
    try:
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20, cwd="/").returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def state(pid):
    """One letter, as proc(5) has it, or None when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def free_ports(count):
    """Ports nobody listens on now, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def until(question, seconds, complaint):
    """Asks again until the answer is truthy. `complaint` is the text of the failure, or gives it."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(complaint() if callable(complaint) else complaint)
        time.sleep(0.05)
