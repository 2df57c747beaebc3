"""Writes srp.json: SRP sign-ins as amazon-cognito-identity-js and pycognito compute them, for `cargo test` to replay.

Run in a folder with `npm i amazon-cognito-identity-js` and a Python with `pip install pycognito`:
    python srp.py > srp.json
Server values are computed here from the textbook (RFC 5054), so that our own arithmetic has no part in them.
"""

import base64, datetime, hashlib, json, random, subprocess, sys
from unittest import mock

from pycognito import aws_srp

N = int(aws_srp.N_HEX, 16)
G = 2
RANDOM = random.Random(20240917)


def pad(number):
    length = (number.bit_length() + 8) // 8
    return number.to_bytes(max(length, 1), "big")


def h(data):
    return hashlib.sha256(data).digest()


K = int.from_bytes(h(pad(N) + pad(G)), "big")


def server(case):
    x = int.from_bytes(
        h(pad(int(case["salt"], 16)) + h(f"{case['pool']}{case['user']}:{case['password']}".encode())), "big"
    )
    v = pow(G, x, N)
    b = int(case["b"], 16)
    case["v"] = f"{v:0768x}"
    case["B"] = f"{(K * v + pow(G, b, N)) % N:0768x}"
    return v, b


JS = """
const {default: Helper} = require('amazon-cognito-identity-js/lib/AuthenticationHelper');
const {default: BigInteger} = require('amazon-cognito-identity-js/lib/BigInteger');
const {Sha256} = require('@aws-crypto/sha256-js');
const c = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const helper = new Helper(c.pool);
helper.smallAValue = new BigInteger(c.a, 16);
helper.largeAValue = undefined;
helper.getLargeAValue(() => {});
helper.getLargeAValue((_, A) => {
  helper.getPasswordAuthenticationKey(c.user, c.password, new BigInteger(c.B, 16), new BigInteger(c.salt, 16), (_, hkdf) => {
    const mac = new Sha256(hkdf);
    mac.update(Buffer.concat([Buffer.from(c.pool, 'utf8'), Buffer.from(c.user, 'utf8'),
      Buffer.from(c.secret_block, 'base64'), Buffer.from(c.timestamp, 'utf8')]));
    console.log(JSON.stringify({A: A.toString(16), signature: Buffer.from(mac.digestSync()).toString('base64')}));
  });
});
"""


def with_javascript(case):
    done = subprocess.run(["node", "-e", JS], input=json.dumps(case), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def with_pycognito(case):
    with mock.patch.object(aws_srp.AWSSRP, "generate_random_small_a", lambda self: int(case["a"], 16)):
        srp = aws_srp.AWSSRP(
            username=case["user"], password=case["password"], pool_id="us-east-1_" + case["pool"],
            client_id="client", client=mock.Mock(),
        )
    when = datetime.datetime(2024, 9, 17, 8, 30, 5, tzinfo=datetime.timezone.utc)
    with mock.patch.object(aws_srp, "datetime") as clock:
        if hasattr(aws_srp.datetime, "datetime"):
            clock.datetime.now.return_value = when
            clock.datetime.utcnow.return_value = when
            clock.timezone = datetime.timezone
        clock.now.return_value = when
        clock.utcnow.return_value = when
        answer = srp.process_challenge(
            {"USER_ID_FOR_SRP": case["user"], "SALT": case["salt"], "SRP_B": case["B"],
             "SECRET_BLOCK": case["secret_block"]},
            {"USERNAME": case["user"]},
        )
    case["timestamp"] = answer["TIMESTAMP"]
    return {"A": aws_srp.long_to_hex(srp.large_a_value), "signature": answer["PASSWORD_CLAIM_SIGNATURE"]}


def case(client, **fixed):
    made = {
        "client": client,
        "pool": "Ab3dEf9hI",
        "user": "1a0d7f31-9d5c-4e0f-8a61-0d9a3f0b6c11",
        "password": "Correct-Horse1",
        "salt": f"{RANDOM.getrandbits(126) | 1 << 126:032x}",
        "a": f"{RANDOM.getrandbits(256):064x}",
        "b": f"{RANDOM.getrandbits(256):064x}",
        "secret_block": base64.b64encode(RANDOM.randbytes(700)).decode(),
        "timestamp": "Tue Sep 17 08:30:05 UTC 2024",
    } | fixed
    server(made)
    made |= with_javascript(made) if client == "amazon-cognito-identity-js" else with_pycognito(made)
    return made


def leading_zero(of, client):
    """A sign-in in which A, B or S begins with a zero byte, or with a set bit."""
    while True:
        tried = case_values()
        v, b = server(tried)
        a = int(tried["a"], 16)
        A = pow(G, a, N)
        u = int.from_bytes(h(pad(A) + pad(int(tried["B"], 16))), "big")
        S = pow(A * pow(v, u, N), b, N)
        first = {"A": A, "B": int(tried["B"], 16), "S": S, "u": u << 3072 - 256}[of] >> 3064
        if first == 0:
            return case(client, **{k: tried[k] for k in ("salt", "a", "b")})


def case_values():
    return {
        "pool": "Ab3dEf9hI", "user": "1a0d7f31-9d5c-4e0f-8a61-0d9a3f0b6c11", "password": "Correct-Horse1",
        "salt": f"{RANDOM.getrandbits(126) | 1 << 126:032x}",
        "a": f"{RANDOM.getrandbits(256):064x}", "b": f"{RANDOM.getrandbits(256):064x}",
    }


cases = []
for client in ("amazon-cognito-identity-js", "pycognito"):
    cases += [case(client) for _ in range(4)]
    cases.append(case(client, password="pä$$wörd 密码 🔑"))
    cases.append(case(client, user="user with spaces@exämple.com"))
    cases.append(case(client, salt="ff" + f"{RANDOM.getrandbits(120):030x}"))
    cases += [leading_zero(of, client) for of in ("A", "B", "S", "u")]
# Only JavaScript reads a salt as a number; pycognito keeps its leading zeros.
cases.append(case("amazon-cognito-identity-js", salt="00" + f"{RANDOM.getrandbits(120):030x}"))
json.dump(cases, sys.stdout, indent=1, ensure_ascii=False)
