"""A server on loopback whose every answer, header by header, a test sets as it goes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.app.web import serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a path answers: with 304 if ``conditional`` and asked with its own ``ETag``.

    ``dated`` adds a ``Date``. One that ``stalls`` never gets to its body.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    dated: datetime | None = None
    conditional: bool = False
    stalls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: its path, and its headers by lower-case name."""

    path: str
    headers: Mapping[str, str]


class Answering:
    """Gives ``answers`` by path (404 for others); remembers what was ``seen``."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[Asked] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                web.seen.append(Asked(path=self.path, headers=headers))
                found = web.answers.get(self.path, Answer(status=404))
                asked = headers.get("if-none-match")
                same = found.conditional and asked == found.headers.get("ETag")
                self.send_response_only(304 if same else found.status)
                if found.dated is not None:
                    self.send_header("Date", format_datetime(found.dated, usegmt=True))
                for name, value in found.headers.items():
                    self.send_header(name, value)
                body = b"" if same else found.body
                if not same:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if found.stalls:
                    self.rfile.read(1)  # until the other side has had enough
                    return
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's word
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def asked(self, path: str) -> list[Asked]:
        """Return the requests for a path."""
        return [seen for seen in self.seen if seen.path == path]


@contextmanager
def open_answering() -> Iterator[Answering]:
    web = Answering()
    with serving(web.server):
        yield web
