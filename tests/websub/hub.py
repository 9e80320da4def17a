"""A hub on loopback, as the Recommendation has it, and with the manners of bad ones on demand."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a callback answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answered:
    """Make one request, following nothing."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, found, answer.read())
    finally:
        connection.close()


@dataclass(slots=True)
class Hub:
    """Takes requests, verifies them at once if it ``verifies``, and pushes what is published.

    ``refuses`` is a status to answer requests with, ``says`` the words to it; ``onward`` an address
    to redirect them to. ``lease`` is what it grants; ``None`` grants what was asked for.
    """

    base: str = ""
    verifies: bool = True
    refuses: int | None = None
    says: str = ""
    onward: str | None = None
    lease: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    verified: list[Answered] = field(default_factory=list)
    subscriptions: dict[tuple[str, str], str] = field(default_factory=dict)

    def take(self, fields: dict[str, str]) -> None:
        self.asked.append(fields)
        if self.verifies and self.refuses is None and self.onward is None:
            self.verify(fields)

    def verify(self, fields: Mapping[str, str], **changes: str) -> Answered:
        """Verify the intent of a request; ``changes`` (without ``hub.``) are sent instead."""
        challenge = secrets.token_hex(16)
        query = {
            "hub.mode": fields["hub.mode"],
            "hub.topic": fields["hub.topic"],
            "hub.challenge": challenge,
            "hub.lease_seconds": str(self.lease or fields.get("hub.lease_seconds", 60)),
        } | {f"hub.{name}": value for name, value in changes.items()}
        callback = fields["hub.callback"]
        answered = call("GET", f"{callback}?{urlencode(query)}")
        self.verified.append(answered)
        if answered.status // 100 == 2 and answered.body.decode() == query["hub.challenge"]:
            key = (fields["hub.topic"], callback)
            if fields["hub.mode"] == "subscribe":
                self.subscriptions[key] = fields["hub.secret"]
            else:
                self.subscriptions.pop(key, None)
        return answered

    def deny(self, fields: Mapping[str, str], reason: str) -> Answered:
        query = {
            "hub.mode": "denied",
            "hub.topic": fields["hub.topic"],
            "hub.reason": reason,
        }
        return call("GET", f"{fields['hub.callback']}?{urlencode(query)}")

    def publish(
        self,
        topic: str,
        body: bytes,
        *,
        sign: Callable[[bytes, str], str] | None = None,
        content_type: str = "application/rss+xml",
    ) -> list[Answered]:
        """Push a document to all who subscribed to its topic."""
        answers = []
        for (of, callback), secret in list(self.subscriptions.items()):
            if of == topic:
                headers = {
                    "Content-Type": content_type,
                    "Link": f'<{self.base}/>; rel="hub", <{topic}>; rel="self"',
                    "X-Hub-Signature": (sign or signature)(body, secret),
                }
                answers.append(call("POST", callback, body, headers))
        return answers


def signature(body: bytes, secret: str, method: str = "sha256") -> str:
    digest = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return f"{method}={digest}"


@contextmanager
def open_hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = parse_qs(body.decode(), strict_parsing=True, keep_blank_values=True)
            fields = {name: value for name, (value,) in found.items()}
            kind = self.headers["Content-Type"]
            assert kind == "application/x-www-form-urlencoded", kind
            words = hub.says.encode()
            if hub.onward is not None:
                self.send_response(307)
                self.send_header("Location", hub.onward)
            else:
                self.send_response(hub.refuses or 202)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)
            hub.take(fields)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's word
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
