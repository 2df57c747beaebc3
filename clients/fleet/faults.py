"""What goes wrong, one thing at a time. Each fault begins, holds for some seconds, and is made good again."""

import signal
import time

from processes import send, until


class Fault:
    """`begin(fleet)` gives what `heal(fleet, that)` needs."""

    def __init__(self, name, begin, heal=None, hold=6, quick=None):
        self.name = name
        self.begin = begin
        self.heal = heal or (lambda fleet, what: None)
        self.hold = hold
        # How long it holds in the short run; None leaves it to the full one.
        self.quick = quick


def switchover(fleet):
    fleet.postgres.switchover(fleet.postgres.leader(), fleet.postgres.synchronous())


def kill_postmaster(fleet):
    fleet.postgres.leader().kill_postmaster()


def kill_machine(fleet):
    leader = fleet.postgres.leader()
    number = fleet.postgres.members.index(leader)
    send(fleet.etcd.members[number].process.pid, signal.SIGKILL)
    leader.kill_machine()
    return number


def restore_machine(fleet, number):
    fleet.etcd.start_one(fleet.etcd.members[number])
    fleet.postgres.start_one(fleet.postgres.members[number])


def freeze_machine(fleet):
    """PostgreSQL and its Patroni stand still and hold their connections, as on a paused virtual machine."""
    return fleet.postgres.leader().freeze(patroni=True)


def freeze_postgres(fleet):
    return fleet.postgres.leader().freeze(patroni=False)


def thaw(_fleet, pids):
    for pid in pids:
        send(pid, signal.SIGCONT)


def freeze_standby(fleet):
    """Commits wait for it: whoever gives up waiting must not call that a success."""
    return fleet.postgres.synchronous().freeze(patroni=False)


def freeze_standbys_then_kill_primary(fleet):
    """Nothing that is committed now is anywhere but on the primary, and the primary is about to die: what was acknowledged
    in between is lost, unless nothing was."""
    leader = fleet.postgres.leader()
    pids = [pid for member in fleet.postgres.members if member is not leader for pid in member.freeze(patroni=True)]
    # Less than wal_sender_timeout, after which the primary rightly goes on alone.
    time.sleep(4)
    number = fleet.postgres.members.index(leader)
    leader.kill_machine()
    thaw(fleet, pids)
    return number


def restore_postgres(fleet, number):
    fleet.postgres.start_one(fleet.postgres.members[number])


def stop_etcd(count):
    def begin(fleet):
        members = fleet.etcd.members[:count]
        for member in members:
            send(member.process.pid, signal.SIGKILL)
        return members
    return begin


def start_etcd(fleet, members):
    for member in members:
        fleet.etcd.start_one(member)


def kill_node(fleet):
    node = fleet.nodes.all[-1]
    node.kill()
    return node


def start_node(fleet, node):
    fleet.nodes.start_one(node)
    until(node.ready, 60, lambda: f"{node.name} does not come back:\n{node.process.tail()}")


def rolling_upgrade(fleet):
    """One after the other: asked to stop, waited for, started again, waited for until HAProxy has it back."""
    for node in fleet.nodes.all:
        node.process.send(signal.SIGTERM)
        node.process.wait(30)
        time.sleep(0.5)
        start_node(fleet, node)
        time.sleep(1.5)


OF_NODES = [
    Fault("Poolhouse node killed (SIGKILL), then started", kill_node, start_node, hold=4, quick=2),
    Fault("rolling upgrade of both nodes (SIGTERM)", rolling_upgrade, hold=2, quick=1),
]
ALL = [
    Fault("nothing (for comparison)", lambda fleet: None, hold=8, quick=4),
    Fault("planned switchover", switchover, hold=6, quick=4),
    Fault("primary's postmaster killed (SIGKILL)", kill_postmaster, hold=8, quick=5),
    Fault("primary's machine killed (PostgreSQL, Patroni, etcd)", kill_machine, restore_machine, hold=28),
    Fault("primary's machine frozen (SIGSTOP), then woken", freeze_machine, thaw, hold=32),
    Fault("primary's PostgreSQL alone frozen, then woken", freeze_postgres, thaw, hold=32),
    Fault("synchronous standby frozen, then woken", freeze_standby, thaw, hold=15),
    Fault("both standbys frozen, primary's machine killed, standbys woken", freeze_standbys_then_kill_primary, restore_postgres, hold=28),
    Fault("one etcd of three lost", stop_etcd(1), start_etcd, hold=15, quick=3),
    Fault("two etcd of three lost, then back", stop_etcd(2), start_etcd, hold=40),
    *OF_NODES,
]
