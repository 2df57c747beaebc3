"""`crates/outbound` against aiosmtpd: what arrives is what was sent, and what must be private is."""

import email
import email.policy
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    sys.exit("aiosmtpd is missing: python3 -m venv clients/.venv && clients/.venv/bin/pip install -r clients/requirements.txt")

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TEXT = "Your code is 123456.\n.\n..\nGrüße, 日本 " + "x" * 1200


def setUpModule():
    global PROGRAM, CERTIFICATE, KEY, FOLDER
    subprocess.run(["cargo", "build", "--quiet", "-p", "poolhouse-outbound", "--example", "send_mail"], cwd=REPOSITORY, check=True)
    PROGRAM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "debug/examples/send_mail"
    FOLDER = tempfile.TemporaryDirectory()
    CERTIFICATE, KEY = f"{FOLDER.name}/certificate.pem", f"{FOLDER.name}/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", KEY, "-out", CERTIFICATE], check=True, capture_output=True)


def tearDownModule():
    FOLDER.cleanup()


class Inbox:
    """Takes everything but what is for `nobody`, and remembers it."""

    def __init__(self):
        self.messages = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        if address.startswith("full"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.messages.append((envelope, session.ssl is not None, session.authenticated))
        return "250 taken"


class Mail(unittest.TestCase):
    def serve(self, **options):
        inbox = Inbox()
        controller = Controller(inbox, hostname="127.0.0.1", port=0, **options)
        # Port 0 would mean any that is free, but the controller knocks at the port it was given.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            controller.port = probe.getsockname()[1]
        controller.start()
        self.addCleanup(controller.stop)
        return inbox, controller.port

    def context(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, KEY)
        return context

    def send(self, url, to="ada@example.com", trusting=True):
        environment = {**os.environ, **({"SSL_CERT_FILE": CERTIFICATE} if trusting else {})}
        done = subprocess.run([PROGRAM, url, to, TEXT], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    @staticmethod
    def authenticator(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"user@x", b"p@ss:w/rd"), handled=False)

    def test_plain(self):
        inbox, port = self.serve()
        self.assertEqual(self.send(f"smtp://127.0.0.1:{port}"), "sent")
        envelope, _, _ = inbox.messages[0]
        self.assertEqual((envelope.mail_from, envelope.rcpt_tos), ("pool@example.org", ["ada@example.com"]))
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.assertEqual(message["Subject"], "Dein Bestätigungscode — 123456")
        self.assertEqual(message["From"], "Ünal’s pool <pool@example.org>")
        self.assertEqual(message["Reply-To"], "help@example.org")
        self.assertEqual(message["Message-ID"], "<7d9b2a6e@example.org>")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertIsNotNone(message["Date"].datetime)
        self.assertEqual(message.get_body(["plain"]).get_content().replace("\r\n", "\n").rstrip("\n"), TEXT)
        self.assertIn("日本", message.get_body(["html"]).get_content())

    def test_refused_for_good_and_for_now(self):
        _, port = self.serve()
        self.assertRegex(self.send(f"smtp://127.0.0.1:{port}", "nobody@example.com"), "^refused: .*no such user")
        self.assertRegex(self.send(f"smtp://127.0.0.1:{port}", "full@example.com"), "^later: .*mailbox full")
        self.assertRegex(self.send(f"smtp://127.0.0.1:{port}", "not an address"), "^refused: ")

    def test_starttls(self):
        inbox, port = self.serve(tls_context=self.context(), require_starttls=True, authenticator=self.authenticator,
                                 auth_required=True)
        address = f"user%40x:p%40ss%3Aw%2Frd@localhost:{port}?tls=required"
        self.assertEqual(self.send(f"smtp://{address}"), "sent")
        _, is_private, is_known = inbox.messages[0]
        self.assertTrue(is_private and is_known)
        self.assertRegex(self.send(f"smtp://{address}", trusting=False), "^later: .*[Cc]ertificate")
        wrong = f"smtp://user%40x:wrong@localhost:{port}?tls=required"
        self.assertRegex(self.send(wrong), "^later: ")
        self.assertEqual(len(inbox.messages), 1)

    def test_a_server_without_starttls_gets_nothing(self):
        inbox, port = self.serve()
        self.assertRegex(self.send(f"smtp://user:pass@localhost:{port}?tls=required"), "^later: .*STARTTLS")
        self.assertEqual(inbox.messages, [])

    def test_tls_from_the_first_byte(self):
        inbox, port = self.serve(ssl_context=self.context(), authenticator=self.authenticator, auth_require_tls=False)
        self.assertEqual(self.send(f"smtps://user%40x:p%40ss%3Aw%2Frd@localhost:{port}"), "sent")
        self.assertTrue(inbox.messages[0][2])
        self.assertRegex(self.send(f"smtps://localhost:{port}", trusting=False), "^later: ")
        self.assertEqual(len(inbox.messages), 1)

    def test_a_server_that_is_away(self):
        self.assertRegex(self.send("smtp://127.0.0.1:9"), "^later: .*refused")
        self.assertRegex(self.send("smtp://user:pass@mail.example.com"), "^wrong: .*in the clear")


if __name__ == "__main__":
    unittest.main()
