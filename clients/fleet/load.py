"""Steady sign-ups, confirmations, sign-ins, refreshes and changes through HAProxy, a few a second."""

import threading
import time

from people import Refused, Unknown, ask


class Load:
    def __init__(self, world, meter, ledger, pause=0.15):
        self.world = world
        self.meter = meter
        self.ledger = ledger
        self.pause = pause
        self._over = threading.Event()
        self._paused = threading.Event()
        self._resting = {}
        works = [self.newcomers, self.newcomers, self.refreshers, self.regulars]
        self._threads = [threading.Thread(target=self._run, args=(work, number), name=f"load-{work.__name__}-{number}", daemon=True) for number, work in enumerate(works)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def rest(self):
        """Returns when nothing is in flight."""
        self._paused.set()
        end = time.monotonic() + 60
        while not all(self._resting.get(thread.name) or not thread.is_alive() for thread in self._threads):
            if time.monotonic() > end:
                raise TimeoutError(f"the load does not come to rest: {self._resting}")
            time.sleep(0.05)

    def resume(self):
        self._paused.clear()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, work, number):
        name = threading.current_thread().name
        steps = work(number)
        while not self._over.is_set():
            if self._paused.is_set():
                self._resting[name] = True
                time.sleep(0.05)
                continue
            self._resting[name] = False
            try:
                next(steps)
            # A defect of the load itself must not look like silence.
            except Exception as cause:
                self.meter.record(work.__name__, f"load: {type(cause).__name__} {cause}"[:80])
                steps = work(number)
            time.sleep(self.pause)
        self._resting[name] = True

    def _try(self, operation, call, *arguments, **named):
        """The answer, or None. A refusal is an answer for the caller to judge."""
        try:
            answer = call(*arguments, **named)
        except Unknown as cause:
            self.meter.record(operation, str(cause))
            return None
        except Refused as cause:
            if str(cause) in ("TooManyRequestsException", "LimitExceededException"):
                self.meter.record(operation, str(cause))
                return None
            raise
        self.meter.record(operation)
        return answer if answer is not None else True

    def newcomers(self, number):
        """Sign up, take the code from the mail, confirm, sign in: each step is one turn."""
        while True:
            email = self.world.new_email(f"newcomer{number}")
            sub = self._try("sign-up", self.world.sign_up, email)
            yield
            if sub is None:
                continue
            self.ledger.signed_up(email, sub)
            code = self.world.mailbox.code(email, patience=3)
            if code is None:
                self.ledger.awaits_mail(email)
                yield
                continue
            for attempt in range(40):
                try:
                    done = self._try("confirm", self.world.confirm, email, code)
                except Refused as cause:
                    # After an attempt without an answer it may have been done; settle() looks.
                    if attempt == 0:
                        self.meter.record("confirm", f"{cause} at first try")
                    break
                yield
                if done:
                    self.ledger.confirmed_with(email, code)
                    try:
                        self._try("sign-in", self.world.sign_in, email)
                    except Refused as cause:
                        self.ledger.is_lost(f"{email} cannot sign in: {cause}")
                    break
            yield

    def refreshers(self, number):
        """A chain of one-time refresh tokens. A token is shown again after an unknown outcome, as a client would."""
        email = self.world.person("refresher")
        token = None
        unknown = False
        era = self.ledger.era
        while True:
            if era != self.ledger.era:
                token, unknown, era = None, False, self.ledger.era
            if token is None:
                tokens = self._try("sign-in", self.world.sign_in, email, client=self.world.rotating)
                if tokens:
                    token = tokens["RefreshToken"]
                    self.ledger.rotated(email, None, token)
                yield
                continue
            try:
                tokens = self._try("refresh", self.world.rotate, token)
            except Refused as cause:
                if not unknown:
                    self.ledger.is_lost(f"a refresh token that nobody spent: {cause}")
                self.meter.record("refresh")
                token, unknown = None, False
                yield
                continue
            if tokens:
                self.ledger.rotated(email, token, tokens["RefreshToken"])
                token, unknown = tokens["RefreshToken"], False
            else:
                self.ledger.chain_broken(email)
                unknown = True
            yield

    def regulars(self, number):
        """Sign in, change something, read it back by way of whichever node comes: never older than what was acknowledged."""
        email = self.world.person("regular")
        count = 0
        told = 0
        while True:
            tokens = self._try("sign-in", self.world.sign_in, email)
            yield
            for _ in range(5 if tokens else 0):
                count += 1
                changed = self._try("change", self._nickname, tokens["AccessToken"], count)
                if changed:
                    told = count
                    self.ledger.nicknamed(email, count)
                yield
                seen = self._try("read", self.world.get_user, tokens["AccessToken"])
                if seen and int(seen.get("nickname", 0)) < told:
                    self.ledger.is_lost(f"{email} reads {seen.get('nickname')} after {told} was acknowledged")
                yield

    def _nickname(self, access_token, count):
        ask(self.world.guest().update_user_attributes, AccessToken=access_token, UserAttributes=[{"Name": "nickname", "Value": str(count)}])
        return True
