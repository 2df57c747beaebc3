"""Poolhouse past one machine, under faults.

run                 the checks without faults, then each fault that is over quickly: under four minutes
run --full          every fault, held for as long as it hurts
run --database      the database alone with a plain SQL writer: what Patroni makes possible at best
run --embedded      one node on its own engine: tries the load and the ledger themselves
run --pgbouncer     with PgBouncer between the nodes and the database (with any of the others)
run --only WORDS    only faults and checks whose name has WORDS in it
run --keep          leaves the logs
"""

import argparse
import signal
import sys
import time
import traceback

import checks
import faults
import once
import report
from fleet import Fleet
from ledger import Ledger
from load import Load
from meter import Meter
from processes import until
from sql_writer import SqlWriter

RECOVERY = 90


class Outcome:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.rows = []

    def of(self, name, work):
        started = time.monotonic()
        try:
            told = work()
            self.passed += 1
            print(f"ok   {name} ({time.monotonic() - started:.1f} s){f': {told}' if told else ''}", flush=True)
        except Exception as cause:
            self.failed += 1
            place = traceback.extract_tb(cause.__traceback__)[-1]
            print(f"FAIL {name}: {type(cause).__name__}: {cause} ({place.name}, line {place.lineno})", flush=True)

    def end(self):
        for line in [report.HEAD, report.RULE, *self.rows] if self.rows else []:
            print(line)
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def under_load(fleet, outcome, chosen, full):
    meter = Meter()
    ledger = Ledger(fleet.world)
    load = Load(fleet.world, meter, ledger)
    load.start()
    until(lambda: meter.successes_since(0) > 20, 30, "the load does not get going")
    for fault in chosen:
        outcome.of(fault.name, lambda one=fault: inject(fleet, outcome, one, one.hold if full else one.quick, meter, ledger, load))
    load.stop()
    outcome.of("every mail came", lambda: never(ledger.mail_that_never_came(wait=True)))


def never(lost):
    assert not lost, f"lost: {lost[:5]}"


def inject(fleet, outcome, fault, hold, meter, ledger, load):
    until(fleet.whole, RECOVERY, "not whole before the fault")
    things = once.prepare(fleet.world, each=2)
    start = time.monotonic()
    what = fault.begin(fleet)
    # While it hurts, not before.
    threads, taken = once.race(things, fleet.bases(), patience=hold + RECOVERY / 2)
    time.sleep(max(0, hold - (time.monotonic() - start)))
    fault.heal(fleet, what)
    recovered = True
    try:
        until(fleet.whole, RECOVERY, "not whole again")
    except TimeoutError:
        recovered = False
    mark = time.monotonic()
    until(lambda: meter.successes_since(mark) > 5, 30, "no answers after the fault")
    end = time.monotonic()
    load.rest()
    for thread in threads:
        thread.join(60)
    seen = meter.between(start, end)
    checked, lost, twice = ledger.settle()
    twice += [f"{thing.kind} of {thing.name}: {count} times" for thing, count in taken() if count > 1]
    load.resume()
    outcome.rows.append(report.row(fault.name, seen, checked, len(lost), len(things), len(twice)))
    print(outcome.rows[-1], flush=True)
    assert recovered, f"not whole again within {RECOVERY} s"
    never(lost)
    assert not twice, f"spent twice: {twice[:5]}"
    assert checked > 0, "nothing was acknowledged"


def database_alone(fleet, outcome, chosen):
    fleet.start_database()
    meter = Meter()
    writer = SqlWriter(fleet.postgres.url(), meter)
    writer.start()

    def one(fault):
        until(fleet.postgres.whole, RECOVERY, "not whole before the fault")
        start = time.monotonic()
        what = fault.begin(fleet)
        time.sleep(max(0, fault.hold - (time.monotonic() - start)))
        fault.heal(fleet, what)
        until(fleet.postgres.whole, RECOVERY, "not whole again")
        time.sleep(1)
        seen = meter.between(start, time.monotonic())
        lost = writer.lost()
        outcome.rows.append(report.row(fault.name, seen, len(writer.acknowledged), len(lost), 0, 0))
        print(outcome.rows[-1], flush=True)
        never(lost)

    for fault in chosen:
        outcome.of(fault.name, lambda each=fault: one(each))
    writer.stop()


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ("--full", "--database", "--embedded", "--pgbouncer", "--keep"):
        words.add_argument(flag, action="store_true")
    words.add_argument("--only", default="")
    said = words.parse_args()
    # Both end in `finally`s and contexts, which stop what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    outcome = Outcome()
    chosen = [one for one in (faults.OF_NODES if said.embedded else faults.ALL) if said.only in one.name]
    with Fleet(embedded=said.embedded, pgbouncer=said.pgbouncer) as fleet:
        fleet.keep = said.keep
        if said.database:
            database_alone(fleet, outcome, [one for one in chosen if one not in faults.OF_NODES])
            return outcome.end()
        started = time.monotonic()
        fleet.start()
        print(f"started in {time.monotonic() - started:.1f} s: {fleet.haproxy.base}", flush=True)
        for check in checks.ALL if not said.embedded else []:
            name = check.__name__.replace("_", " ")
            if said.only in name:
                outcome.of(name, lambda one=check: one(fleet))
        load = [one for one in chosen if said.full or one.quick is not None]
        if load:
            under_load(fleet, outcome, load, said.full)
        fleet.keep = fleet.keep or outcome.failed > 0
    return outcome.end()


if __name__ == "__main__":
    sys.exit(main())
