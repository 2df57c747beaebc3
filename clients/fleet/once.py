"""One-time things, spent on both nodes at the same moment, again and again until each node gives a clear answer."""

import base64
import hashlib
import hmac
import struct
import threading
import time

from people import Refused, Unknown, ask


class OneTimeThing:
    def __init__(self, kind, name, spend):
        self.kind = kind
        self.name = name
        # spend(base) returns where it was taken, raises Refused or Unknown where not.
        self.spend = spend


def confirmation_code(world):
    email = world.new_email("once")
    world.sign_up(email)
    code = world.mailbox.code(email)
    return OneTimeThing("confirmation code", email, lambda base: world.confirm(email, code, base))


def reset_code(world):
    email = world.person("once")
    ask(world.guest().forgot_password, ClientId=world.client, Username=email)
    code = world.mailbox.code(email)
    return OneTimeThing("reset code", email, lambda base: ask(
        world.guest(base).confirm_forgot_password, ClientId=world.client, Username=email, ConfirmationCode=code, Password="Res3tted"))


def refresh_token(world):
    email = world.person("once")
    token = world.sign_in(email, client=world.rotating)["RefreshToken"]
    return OneTimeThing("refresh token", email, lambda base: world.rotate(token, base))


def authorization_code(world):
    email = world.person("once")
    browser = world.browser()
    code = browser.log_in(email)
    # A browser for each: two threads must not share cookies.
    return OneTimeThing("authorization code", email, lambda base: world.browser().tokens(code, base))


def session_step(world):
    email = world.person("once", permanent=False)
    session = world.initiate(email)["Session"]
    return OneTimeThing("session step", email, lambda base: world.new_password(email, session, base))


KINDS = [confirmation_code, reset_code, refresh_token, authorization_code, session_step]


def prepare(world, each=1):
    return [kind(world) for kind in KINDS for _ in range(each)]


def race(things, bases, patience=40):
    """How often each was taken: a list of (thing, count). Two threads a thing, one for each address."""
    taken = [0] * len(things)
    lock = threading.Lock()
    end = time.monotonic() + patience

    def work(index, base, gate):
        gate.wait()
        while time.monotonic() < end:
            try:
                things[index].spend(base)
            except Refused:
                return
            except Unknown:
                time.sleep(0.2)
                continue
            with lock:
                taken[index] += 1
            # Once more where it just worked.

    threads = []
    for index in range(len(things)):
        gate = threading.Barrier(len(bases))
        threads += [threading.Thread(target=work, args=(index, base, gate), daemon=True) for base in bases]
    for thread in threads:
        thread.start()
    return threads, lambda: list(zip(things, taken, strict=True))


def raced(things, bases, patience=40):
    threads, outcome = race(things, bases, patience)
    for thread in threads:
        thread.join(patience + 20)
    return outcome()


def totp_step(world):
    """Two sign-ins, one code: whoever shows it second was looking over a shoulder."""
    pool = world.admin().create_user_pool(PoolName="fleet-mfa", MfaConfiguration="OFF")["UserPool"]["Id"]
    client = world.admin().create_user_pool_client(
        UserPoolId=pool, ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]
    world.admin().set_user_pool_mfa_config(UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL")
    world.admin().admin_create_user(UserPoolId=pool, Username="totp", MessageAction="SUPPRESS", TemporaryPassword="Passw0rd!")
    world.admin().admin_set_user_password(UserPoolId=pool, Username="totp", Password="Passw0rd!", Permanent=True)

    def initiate(base=None):
        return world.guest(base).initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "totp", "PASSWORD": "Passw0rd!"})

    access = initiate()["AuthenticationResult"]["AccessToken"]
    secret = world.guest().associate_software_token(AccessToken=access)["SecretCode"]
    world.guest().verify_software_token(AccessToken=access, UserCode=totp(secret, time.time() - 30))
    world.guest().set_user_mfa_preference(AccessToken=access, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    sessions = {base: initiate(base)["Session"] for base in world.everywhere()}
    code = totp(secret, time.time())
    return OneTimeThing("TOTP step", "totp", lambda base: ask(
        world.guest(base).respond_to_auth_challenge, ClientId=client, ChallengeName="SOFTWARE_TOKEN_MFA", Session=sessions[base],
        ChallengeResponses={"USERNAME": "totp", "SOFTWARE_TOKEN_MFA_CODE": code}))


def totp(secret, at):
    """RFC 6238 with its defaults."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
