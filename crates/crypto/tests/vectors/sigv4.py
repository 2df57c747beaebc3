"""Writes sigv4.json: requests as botocore signs them, for `cargo test` to check.

Run with a Python that has botocore:
    python sigv4.py > sigv4.json
"""

import datetime, json, sys
from unittest import mock
from urllib.parse import urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2024, 9, 17, 8, 30, 5, tzinfo=datetime.timezone.utc)
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token/with+odd=characters=="
BASE = "http://localhost:4747"


def case(signer, service, method, url, headers=None, body=b"", token=None, params=None):
    credentials = Credentials(KEY, SECRET, token)
    request = AWSRequest(method, BASE + url, headers=headers or {}, data=body, params=params or {})
    made = signer(credentials, service, "us-east-1")
    with mock.patch.object(auth, "get_current_datetime", lambda *a, **k: NOW.replace(tzinfo=None)):
        made.add_auth(request)
    sent = request.prepare()
    url = urlsplit(sent.url)
    lines = [[k, v.decode() if isinstance(v, bytes) else v] for k, v in sent.headers.items()]
    if not any(k.lower() == "host" for k, _ in lines):
        lines.append(["Host", url.netloc])
    return {
        "signer": signer.__name__, "service": service, "method": method, "path": url.path, "query": url.query,
        "headers": lines, "body": (sent.body or b"").decode() if isinstance(sent.body, bytes) else (sent.body or ""),
        "token": token,
    }


V4, S3, QUERY, S3_QUERY = auth.SigV4Auth, auth.S3SigV4Auth, auth.SigV4QueryAuth, auth.S3SigV4QueryAuth
JSON = {"Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

cases = [
    case(V4, "cognito-idp", "POST", "/", JSON | {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}, b'{"MaxResults":1}'),
    case(V4, "logs", "POST", "/", JSON | {"X-Amz-Target": "Logs_20140328.FilterLogEvents"}, b"{}", TOKEN),
    case(V4, "cloudformation", "POST", "/", FORM, b"Action=DescribeStacks&Version=2010-05-15"),
    case(V4, "sts", "POST", "/", FORM, b"Action=GetCallerIdentity&Version=2011-06-15"),
    case(V4, "sts", "GET", "/", params={"Action": "GetCallerIdentity", "Version": "2011-06-15"}),
    case(V4, "lambda", "GET", "/2015-03-31/functions/"),
    case(V4, "lambda", "GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello", params={"Qualifier": "$LATEST"}),
    case(V4, "lambda", "POST", "/2015-03-31/functions/a%20b/invocations", {"X-Amz-Invocation-Type": "Event"}, '{"grüße":"ü"}'.encode()),
    case(V4, "execute-api", "GET", "/dev/a/../b//c/./d/", params={"z": "1", "a": "x y+z&=ü", "A": ""}),
    case(V4, "execute-api", "GET", "/", {"X-Custom": "  many   spaces  "}),
    case(S3, "s3", "PUT", "/bucket/a/../b//c%20d%2Be%3Df", {"Content-Type": "text/plain"}, b"hello"),
    case(S3, "s3", "GET", "/bucket/%C3%BC%E2%82%AC~._-", token=TOKEN),
    case(S3, "s3", "GET", "/bucket", params={"list-type": "2", "prefix": "a/b c", "delimiter": "/"}),
    case(S3, "s3", "GET", "/bucket?acl"),
    case(S3, "s3", "POST", "/bucket?delete", {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, b"<Delete/>"),
    case(QUERY, "sts", "GET", "/", params={"Action": "GetCallerIdentity", "Version": "2011-06-15"}, token=TOKEN),
    case(QUERY, "execute-api", "GET", "/dev/a%20b", params={"b": "2", "a": "1"}),
    case(S3_QUERY, "s3", "GET", "/bucket/a%20b%2Bc", token=TOKEN),
    case(S3_QUERY, "s3", "PUT", "/bucket/key", {"Content-Type": "text/plain"}),
    case(S3_QUERY, "s3", "GET", "/bucket/key", params={"response-content-disposition": 'attachment; filename="a b.txt"', "versionId": "1"}),
]
json.dump(cases, sys.stdout, indent=1, ensure_ascii=False)
