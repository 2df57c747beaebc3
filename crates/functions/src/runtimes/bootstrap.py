"""The Python side of a Poolhouse worker: loads the handler, then asks the Lambda Runtime API for one event after
another, over a socket it was born with. Between two invocations it stands still, waiting for the next.
(AWS Lambda Developer Guide, "Building Lambda functions with Python".)"""

import importlib
import json
import logging
import os
import socket
import struct
import sys
import time
import traceback

API = "/2018-06-01/runtime"
NEXT = ("GET %s/invocation/next HTTP/1.1\r\nhost: runtime\r\n\r\n" % API).encode()
LINE = socket.socket(fileno=int(os.environ.pop("POOLHOUSE_RUNTIME_FD")))
os.set_inheritable(LINE.fileno(), False)

received = b""
current = None


# ---- the line to the server ------------------------------------------------------------------------------------


def post(target, body, kind=None, and_next=False):
    """One request and, behind it, the question for the next event: one write."""
    more = "lambda-runtime-function-error-type: %s\r\n" % kind if kind else ""
    head = "POST %s%s HTTP/1.1\r\nhost: runtime\r\n%scontent-length: %d\r\n\r\n" % (API, target, more, len(body))
    LINE.sendall(head.encode() + body + (NEXT if and_next else b""))


def read_event():
    """Headers and body of the next event. Acknowledgements of what was posted before are passed over."""
    global received
    while True:
        while b"\r\n\r\n" not in received:
            read_more()
        head, received = received.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        length = int(headers.get("content-length", 0))
        while len(received) < length:
            read_more()
        body, received = received[:length], received[length:]
        if lines[0][9:12] == "200":
            return headers, body


def read_more():
    global received
    chunk = LINE.recv(262144)
    if not chunk:
        sys.exit(0)  # the server has let go of this worker
    received += chunk


# ---- logs ------------------------------------------------------------------------------------------------------


def write_log(text):
    """One log event, whole even where it has several lines: a frame of mark, length, microseconds, text."""
    sys.stdout.flush()
    body = text.encode("utf-8", "replace")
    frame = struct.pack(">IIQ", 0xA55A0003, len(body), int(time.time() * 1e6)) + body
    while frame:
        frame = frame[os.write(1, frame) :]


class LogHandler(logging.Handler):
    def emit(self, record):
        record.aws_request_id = current or ""
        write_log(self.format(record))


def set_up_logging():
    handler = LogHandler()
    layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    formatter = logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)


# ---- errors ----------------------------------------------------------------------------------------------------


class RuntimeFailure(Exception):
    """A failure of the runtime rather than of the function: its type is `Runtime.<kind>`."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = "Runtime." + kind


def described(error):
    """Type, message and stack of an error; frames of this file are left out."""
    if isinstance(error, RuntimeFailure):
        return error.kind, str(error), []
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return type(error).__name__, str(error), traceback.format_list(frames)


def post_error(target, error, and_next):
    kind, message, stack = described(error)
    trace = "Traceback (most recent call last):\n" + "".join(stack) if stack else "Traceback (most recent call last):\n"
    write_log("[ERROR] %s: %s\n%s" % (kind, message, trace))
    body = {"errorMessage": message, "errorType": kind, "requestId": current or "", "stackTrace": stack}
    safe = "".join(letter for letter in kind if letter.isascii() and (letter.isalnum() or letter in "._-:"))
    post(target, json.dumps(body).encode(), safe or "Error", and_next)


# ---- the handler -----------------------------------------------------------------------------------------------


def load_handler(full):
    try:
        module_name, function_name = full.rsplit(".", 1)
    except ValueError:
        raise RuntimeFailure(
            "MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % full
        ) from None
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFailure("ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from error
    except SyntaxError as error:
        message = "Syntax error in module '%s': %s" % (module_name, error)
        raise RuntimeFailure("UserCodeSyntaxError", message) from error
    handler = getattr(module, function_name, None)
    if handler is None:
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise RuntimeFailure("HandlerNotFound", message)
    return handler


class Shown:
    """Named values, some of them None."""

    def __init__(self, names, values):
        for name in names:
            setattr(self, name, (values or {}).get(name))


class Context:
    def __init__(self, headers):
        client = json.loads(headers.get("lambda-runtime-client-context", "null"))
        identity = json.loads(headers.get("lambda-runtime-cognito-identity", "null"))
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = None
        self.identity = Shown(["cognito_identity_id", "cognito_identity_pool_id"], identity)
        self.client_context = None
        if client is not None:
            self.client_context = Shown(["custom", "env"], client)
            names = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]
            self.client_context.client = Shown(names, client.get("client"))
        # Counted from when the event came, so that it holds whatever the two clocks say.
        self._until = time.monotonic() + int(headers["poolhouse-remaining-ms"]) / 1000

    def get_remaining_time_in_millis(self):
        return max(int((self._until - time.monotonic()) * 1000), 0)

    def log(self, message):
        write_log(str(message))


def run(handler):
    global current
    LINE.sendall(NEXT)
    while True:
        headers, body = read_event()
        current = headers["lambda-runtime-aws-request-id"]
        try:
            try:
                event = json.loads(body)
            except ValueError as error:
                raise RuntimeFailure("UnmarshalError", "Unable to unmarshal input: %s" % error) from error
            result = handler(event, Context(headers))
            try:
                answer = json.dumps(result).encode()
            except (TypeError, ValueError) as error:
                raise RuntimeFailure("MarshalError", "Unable to marshal response: %s" % error) from error
        except Exception as error:  # whatever the function raises is its answer
            post_error("/invocation/%s/error" % current, error, True)
        else:
            sys.stdout.flush()
            sys.stderr.flush()
            post("/invocation/%s/response" % current, answer, and_next=True)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]  # in the place of this file's own folder
    set_up_logging()
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        post_error("/init/error", error, False)
        sys.exit(1)
    run(handler)


main()
