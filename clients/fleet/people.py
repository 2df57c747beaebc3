"""What people and administrators do, at any address: at HAProxy, or at one node to see what that node knows."""

import pathlib
import re
import threading
import time
import urllib.parse

import boto3
import botocore
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PASSWORD = "Passw0rd"
CALLBACK = "http://localhost:3000/"
FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
OAUTH = {
    "AllowedOAuthFlows": ["code"], "AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthScopes": ["openid", "email"],
    "CallbackURLs": [CALLBACK], "LogoutURLs": [CALLBACK], "SupportedIdentityProviders": ["COGNITO"],
}
# What a client waits for an answer before it gives up.
PATIENCE = 8


class Unknown(Exception):
    """No answer, or one that does not say whether it was done. `str` is its kind in few words."""


class Refused(Exception):
    """The server said no. `str` is the error's code."""

    def __init__(self, code, message=""):
        super().__init__(code)
        self.message = message


def ask(call, **arguments):
    """One call, told apart into done, refused and unknown."""
    try:
        return call(**arguments)
    except ClientError as cause:
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = cause.response.get("Error", {}).get("Code", "?")
        if status >= 500:
            raise Unknown(f"{status} {code}" if code != str(status) else str(status)) from None
        raise Refused(code, cause.response["Error"].get("Message", "")) from None
    except (BotoCoreError, requests.RequestException) as cause:
        raise Unknown(re.sub(r"Error$", "", type(cause).__name__)) from None


class World:
    """A pool with an ordinary client, a rotating one and a domain, and callers for each address."""

    def __init__(self, base, nodes):
        self.base = base
        self.nodes = nodes
        self.mailbox = Mailbox([node.data / "outbox" for node in nodes.all])
        self._callers = {}
        self._lock = threading.Lock()
        self._number = 0

    def everywhere(self):
        return [node.base for node in self.nodes.all]

    def caller(self, service, base=None, signed=True):
        """boto3 as an application has it, but every error is seen: nothing is tried again behind our back."""
        base = base or self.base
        with self._lock:
            if (service, base, signed) not in self._callers:
                config = Config(
                    retries={"max_attempts": 1, "mode": "standard"}, connect_timeout=2, read_timeout=PATIENCE,
                    **({} if signed else {"signature_version": botocore.UNSIGNED}),
                )
                self._callers[service, base, signed] = boto3.session.Session().client(
                    service, endpoint_url=base, region_name="us-east-1", config=config,
                    aws_access_key_id=self.nodes.key[0], aws_secret_access_key=self.nodes.key[1],
                )
            return self._callers[service, base, signed]

    def admin(self, base=None):
        return self.caller("cognito-idp", base)

    def guest(self, base=None):
        return self.caller("cognito-idp", base, signed=False)

    def make(self):
        admin = self.admin()
        self.pool = admin.create_user_pool(
            PoolName="fleet", UsernameAttributes=["email"], AutoVerifiedAttributes=["email"], MfaConfiguration="OFF",
            Policies={"PasswordPolicy": {"MinimumLength": 6, "RequireUppercase": True, "RequireNumbers": True, "RequireLowercase": False, "RequireSymbols": False}},
        )["UserPool"]["Id"]
        self.domain = "fleet"
        admin.create_user_pool_domain(UserPoolId=self.pool, Domain=self.domain)
        self.client = self.make_client("web", ExplicitAuthFlows=[*FLOWS, "ALLOW_REFRESH_TOKEN_AUTH"], **OAUTH)
        self.rotating = self.make_client(
            "rotating", ExplicitAuthFlows=FLOWS, RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0})
        return self

    def make_client(self, name, base=None, **settings):
        made = self.admin(base).create_user_pool_client(UserPoolId=self.pool, ClientName=name, **settings)
        return made["UserPoolClient"]["ClientId"]

    def new_email(self, what):
        with self._lock:
            self._number += 1
            return f"{what}-{self._number}@example.com"

    def person(self, what="person", permanent=True):
        """Somebody who can sign in; with `permanent=False` must choose a password first."""
        email = self.new_email(what)
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self.admin().admin_create_user(
            UserPoolId=self.pool, Username=email, MessageAction="SUPPRESS", TemporaryPassword=PASSWORD, UserAttributes=attributes)
        if permanent:
            self.admin().admin_set_user_password(UserPoolId=self.pool, Username=email, Password=PASSWORD, Permanent=True)
        return email

    def sign_up(self, email, base=None):
        return ask(
            self.guest(base).sign_up, ClientId=self.client, Username=email, Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": email}],
        )["UserSub"]

    def confirm(self, email, code, base=None):
        ask(self.guest(base).confirm_sign_up, ClientId=self.client, Username=email, ConfirmationCode=code)

    def initiate(self, email, password=PASSWORD, client=None, base=None):
        return ask(
            self.guest(base).initiate_auth, ClientId=client or self.client, AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )

    def sign_in(self, email, client=None, base=None):
        return self.initiate(email, client=client, base=base)["AuthenticationResult"]

    def rotate(self, token, base=None):
        return ask(self.guest(base).get_tokens_from_refresh_token, ClientId=self.rotating, RefreshToken=token)["AuthenticationResult"]

    def new_password(self, email, session, base=None):
        return ask(
            self.guest(base).respond_to_auth_challenge, ClientId=self.client, ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session, ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": "Perm4nent"},
        )

    def get_user(self, access_token, base=None):
        found = ask(self.guest(base).get_user, AccessToken=access_token)
        return {one["Name"]: one["Value"] for one in found["UserAttributes"]}

    def browser(self):
        return Browser(self)


class Browser:
    """The hosted pages as a browser without scripts sees them; each request may go to another node."""

    def __init__(self, world):
        self.world = world
        self.session = requests.Session()
        self.query = urllib.parse.urlencode({"response_type": "code", "client_id": world.client, "redirect_uri": CALLBACK, "scope": "openid email"})

    def _go(self, method, base, path, **options):
        answer = ask(
            self.session.request, method=method, url=f"{base or self.world.base}/auth/{self.world.domain}/{path}", allow_redirects=False,
            timeout=PATIENCE, headers={"Host": urllib.parse.urlsplit(self.world.base).netloc}, **options,
        )
        # The cookie jar goes by host name alone and our nodes have another than HAProxy: sent as it is.
        for cookie in answer.cookies:
            self.session.cookies.set(cookie.name, cookie.value)
        if answer.status_code >= 500:
            raise Unknown(str(answer.status_code))
        return answer

    def authorize(self, base=None):
        """The code where the session is signed in already, else None."""
        return code_in(self._go("GET", base, f"oauth2/authorize?{self.query}"))

    def log_in(self, email, page_from=None, send_to=None):
        """The authorization code of a sign-in whose form comes from one node and goes to another."""
        page = self._go("GET", page_from, f"login?{self.query}")
        csrf = re.search(r'name="_csrf" value="([^"]+)"', page.text)
        if not csrf:
            raise Refused(f"no form, {page.status_code}", page.text[:200])
        fields = {"_csrf": csrf.group(1), "username": email, "password": PASSWORD}
        answer = self._go("POST", send_to, f"login?{self.query}", data=fields)
        code = code_in(answer)
        if not code:
            raise Refused(f"no code, {answer.status_code}", answer.text[:200])
        return code

    def tokens(self, code, base=None):
        answer = self._go("POST", base, "oauth2/token", data={
            "grant_type": "authorization_code", "client_id": self.world.client, "code": code, "redirect_uri": CALLBACK,
        })
        if answer.status_code != 200:
            raise Refused(answer.json().get("error", str(answer.status_code)))
        return answer.json()


def code_in(answer):
    location = answer.headers.get("location", "")
    return urllib.parse.parse_qs(urllib.parse.urlsplit(location).query).get("code", [None])[0] if location.startswith(CALLBACK) else None


class Mailbox:
    """Codes by address, from the outbox folders of every node. A file is read once."""

    def __init__(self, folders):
        self.folders = [pathlib.Path(folder) for folder in folders]
        self._lock = threading.Lock()
        self._read = set()
        self._codes = {}

    def _look(self):
        for folder in self.folders:
            for path in folder.glob("*.eml") if folder.exists() else []:
                if path in self._read:
                    continue
                text = path.read_text(errors="replace")
                to = re.search(r"^To: .*?([\w.+-]+@[\w.-]+)", text, re.MULTILINE)
                # What comes before the empty line is the head, where six digits mean something else.
                body = re.sub(r"=\r?\n", "", text[(re.search(r"\r?\n\r?\n", text) or re.search("$", text)).start():])
                code = re.search(r"\b(\d{6})\b", body)
                if to and code:
                    self._read.add(path)
                    self._codes.setdefault(to.group(1), []).append((path.stat().st_mtime_ns, code.group(1)))

    def code(self, to, count=1, patience=10):
        """The newest of at least `count`, or None."""
        end = time.monotonic() + patience
        while True:
            with self._lock:
                self._look()
                found = sorted(self._codes.get(to, []))
            if len(found) >= count:
                return found[-1][1]
            if time.monotonic() > end:
                return None
            time.sleep(0.05)
