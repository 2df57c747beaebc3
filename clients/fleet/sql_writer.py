"""Rows written straight into PostgreSQL: what the database alone does in a fault, to compare Poolhouse with."""

import threading
import time

import psycopg


class SqlWriter:
    """One thread, one row a turn, each with a deadline of its own: what an application can do at best."""

    def __init__(self, url, meter, pause=0.05):
        self.url = url
        self.meter = meter
        self.pause = pause
        self.acknowledged = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sql", daemon=True)

    def start(self):
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE written (number bigint PRIMARY KEY)")
        self._thread.start()

    def stop(self):
        self._over.set()
        self._thread.join(20)

    def _run(self):
        connection = None
        number = 0
        while not self._over.is_set():
            number += 1
            try:
                if connection is None:
                    connection = psycopg.connect(self.url, autocommit=True, options="-c tcp_user_timeout=2000")
                self._insert(connection, number)
                self.acknowledged.append(number)
                self.meter.record("insert")
            except (psycopg.Error, TimeoutError) as cause:
                self.meter.record("insert", type(cause).__name__)
                if connection is not None:
                    connection.close()
                connection = None
            time.sleep(self.pause)

    def _insert(self, connection, number):
        # A frozen server answers no cancellation either: the socket is closed from outside.
        alarm = threading.Timer(2, connection.pgconn.finish)
        alarm.start()
        try:
            connection.execute("INSERT INTO written VALUES (%s)", (number,))
        finally:
            alarm.cancel()

    def lost(self):
        acknowledged = list(self.acknowledged)
        with psycopg.connect(self.url, autocommit=True) as connection:
            there = {row[0] for row in connection.execute("SELECT number FROM written")}
        return [number for number in acknowledged if number not in there]
