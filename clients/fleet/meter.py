"""When clients were answered, and what they were told when they were not."""

import threading
import time
from collections import Counter


class Meter:
    def __init__(self):
        self._lock = threading.Lock()
        self._seen = []

    def record(self, operation, error=None):
        """`error` is its kind in few words, None for a success."""
        with self._lock:
            self._seen.append((time.monotonic(), operation, error))

    def between(self, start, end):
        with self._lock:
            seen = [one for one in self._seen if start <= one[0] <= end]
        errors = Counter(error for _, _, error in seen if error)
        good = [at for at, _, error in seen if not error]
        edges = [start, *good, end]
        gap = max(later - earlier for earlier, later in zip(edges, edges[1:], strict=False))
        return {"gap": gap, "successes": len(good), "errors": errors}

    def successes_since(self, start):
        with self._lock:
            return sum(1 for at, _, error in self._seen if at >= start and not error)
