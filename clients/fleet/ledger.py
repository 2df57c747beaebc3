"""What clients were told is done. After every fault it must still be so."""

import threading
import time

from people import Refused, Unknown

# A message is committed with what it tells of. A node that dies while it sends one has it to itself for a minute; then
# another node sends it.
MAIL_COMES_WITHIN = 75


class Ledger:
    def __init__(self, world):
        self.world = world
        self._lock = threading.Lock()
        self.people = {}
        self.confirmed = {}
        self.nicknames = {}
        self.chains = {}
        self.acknowledged = 0
        # Counts the settlings: each spends the newest token of every chain, so that chains start anew.
        self.era = 0
        self.mail_awaited = {}
        # What was seen to be wrong while the load ran.
        self.lost = []
        self.twice = []

    def _note(self, where, key, value):
        with self._lock:
            where[key] = value
            self.acknowledged += 1

    def signed_up(self, email, sub):
        self._note(self.people, email, sub)

    def confirmed_with(self, email, code):
        self._note(self.confirmed, email, code)

    def nicknamed(self, email, number):
        self._note(self.nicknames, email, number)

    def rotated(self, email, spent, newest):
        """`spent` is None at the start of a chain."""
        self._note(self.chains, email, (spent, newest))

    def chain_broken(self, email):
        """A refresh whose outcome is not known: which token counts now, nobody can say."""
        with self._lock:
            self.chains.pop(email, None)

    def awaits_mail(self, email):
        with self._lock:
            self.mail_awaited[email] = time.monotonic()

    def mail_that_never_came(self, wait=False):
        """Those whose time is over; with `wait` nobody is left after it."""
        while True:
            with self._lock:
                awaited = dict(self.mail_awaited)
            came = [email for email in awaited if self.world.mailbox.code(email, patience=0)]
            late = [email for email, since in awaited.items() if email not in came and time.monotonic() - since > MAIL_COMES_WITHIN]
            with self._lock:
                for email in came + late:
                    self.mail_awaited.pop(email, None)
                done = not self.mail_awaited or not wait
            if late or done:
                return [f"the mail to {email}" for email in late]
            time.sleep(1)

    def is_lost(self, what):
        with self._lock:
            self.lost.append(what)

    def is_spent_twice(self, what):
        with self._lock:
            self.twice.append(what)

    def settle(self):
        """Looks for everything acknowledged since the last time, at every node in turn. Call when the load rests and all is
        well again. Gives (lost, spent twice) and starts anew."""
        with self._lock:
            people, confirmed, nicknames, chains = self.people, self.confirmed, self.nicknames, self.chains
            self.people, self.confirmed, self.nicknames, self.chains = {}, {}, {}, {}
            lost, twice = self.lost, self.twice
            self.lost, self.twice = [], []
            checked, self.acknowledged = self.acknowledged, 0
            self.era += 1
        lost += self.mail_that_never_came()
        everywhere = self.world.everywhere()
        for number, (email, sub) in enumerate(people.items()):
            found = self._user(email, everywhere[number % len(everywhere)])
            if found is None or found["sub"] != sub:
                lost.append(f"sign-up of {email}")
            elif email in confirmed and found["status"] != "CONFIRMED":
                lost.append(f"confirmation of {email}")
        for number, (email, code) in enumerate(confirmed.items()):
            if self._works(lambda base, e=email, c=code: self.world.confirm(e, c, base), everywhere[number % len(everywhere)]):
                twice.append(f"confirmation code of {email}")
        for email, number in nicknames.items():
            found = self._user(email, everywhere[0])
            if found is None or int(found.get("nickname", -1)) < number:
                lost.append(f"nickname {number} of {email}: {found and found.get('nickname')}")
        for email, (spent, newest) in chains.items():
            if not self._works(lambda base, t=newest: self.world.rotate(t, base), everywhere[0]):
                lost.append(f"the newest refresh token of {email}")
            # Showing this one ends the family, so it comes last.
            if spent and self._works(lambda base, t=spent: self.world.rotate(t, base), everywhere[-1]):
                twice.append(f"a refresh token of {email}")
        return checked, lost, twice

    def _user(self, email, base):
        try:
            found = self.world.admin(base).admin_get_user(UserPoolId=self.world.pool, Username=email)
        except self.world.admin(base).exceptions.UserNotFoundException:
            return None
        attributes = {one["Name"]: one["Value"] for one in found["UserAttributes"]}
        return {"status": found["UserStatus"], **attributes}

    @staticmethod
    def _works(spend, base):
        for _ in range(5):
            try:
                spend(base)
                return True
            except Refused:
                return False
            except Unknown:
                continue
        raise RuntimeError("no clear answer after the fault was over")
