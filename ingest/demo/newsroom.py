"""The newsroom: a small news web on loopback, with two editions of everything.

Used by ``newsfold demo`` and by tests. Each outlet is a host of its own: an address in
127.0.0.0/8 where the system has all of them, a port on 127.0.0.1 where it has that one alone.
"""

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, assert_never

from ingest.clock import Clock, system_clock
from ingest.demo.answers import respond
from ingest.demo.outlets import OUTLETS, outlet_of
from ingest.demo.server import Answer, Question, Server, listen, listen_on_one
from ingest.demo.truths import Truths, truths_of
from ingest.demo.world import World

ADDRESSES = tuple(f"127.83.0.{number}" for number in range(1, len(OUTLETS) + 1))
EDITIONS = (1, 2)
DEADLINE_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request the newsroom has answered. ``path`` has the query; header names are lower case."""

    outlet_id: str
    method: str
    path: str
    headers: Mapping[str, str]
    status: int
    at: datetime


class Newsroom:
    """A running newsroom; a context manager.

    Args:
        now: When it opens, timezone-aware; articles were published in the hours before.
        addresses: One address an outlet (``many``), one port an outlet (``one``), or whichever
            the system allows (``auto``).
        clock: Reads the time for the list of requests.
    """

    def __init__(
        self,
        *,
        now: datetime,
        addresses: Literal["auto", "many", "one"] = "auto",
        clock: Clock = system_clock,
    ) -> None:
        self._opened = now.astimezone(UTC).replace(microsecond=0)
        self._addresses = addresses
        self._clock = clock
        self._edition = 1
        self._bases: dict[str, str] = {}
        self._server: Server | None = None
        self._lock = threading.Lock()
        self._requests: list[Request] = []

    def __enter__(self) -> Self:
        sockets = self._listen()
        for outlet, sock in zip(OUTLETS, sockets, strict=True):
            host, port = sock.getsockname()
            self._bases[outlet.id] = f"http://{host}:{port}"
        hosts = {outlet.id: sock for outlet, sock in zip(OUTLETS, sockets, strict=True)}
        self._server = Server(hosts, self._answer)
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def edition(self) -> int:
        """The edition that is out: 1, or 2."""
        return self._edition

    def publish(self, edition: int) -> None:
        """Bring out an edition.

        Raises:
            ValueError: There is no such edition.
        """
        if edition not in EDITIONS:
            raise ValueError(f"there are editions {EDITIONS}, not {edition}")
        self._edition = edition

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request answered so far, oldest first."""
        with self._lock:
            return tuple(self._requests)

    def clear_requests(self) -> None:
        """Forget the requests answered so far."""
        with self._lock:
            self._requests.clear()

    def base_url(self, outlet_id: str) -> str:
        """Return the outlet's ``http://host:port``.

        Raises:
            KeyError: There is no such outlet, or the newsroom was never opened.
        """
        return self._bases[outlet_id]

    def world(self, edition: int | None = None) -> World:
        """Return all that is published in that edition, by default the one that is out."""
        return World(bases=dict(self._bases), opened=self._opened, edition=edition or self._edition)

    def truths(self, edition: int) -> Truths:
        """Return what a correct crawler has stored after crawling every edition up to this one."""
        return truths_of([self.world(number) for number in EDITIONS if number <= edition])

    def config_yaml(self, *, data: Path) -> str:
        """Return a ``feeds.yml`` for the newsroom, which stores under ``data``.

        All values are JSON, which is YAML 1.2 as well.
        """
        world = self.world()
        lines = [
            f"data: {json.dumps(str(data), ensure_ascii=False)}",
            "fetch:",
            '  contact: "https://example.org/about-our-crawler"',
            '  allow_networks: ["127.0.0.0/8"]',
            "  per_host: {concurrency: 8, delay: 0s}",
            f"  deadline: {DEADLINE_SECONDS}s",
            "  max_bytes: 1MB",
            "feeds:",
        ]
        for outlet in OUTLETS:
            lines += [
                f"  - url: {json.dumps(world.feed_url(outlet))}",
                f"    id: {outlet.id}",
                f"    name: {json.dumps(outlet.name, ensure_ascii=False)}",
                f"    tags: {json.dumps(list(outlet.tags))}",
            ]
        return "\n".join([*lines, ""])

    def _listen(self) -> list[socket.socket]:
        match self._addresses:
            case "many":
                return listen(ADDRESSES)
            case "one":
                return listen_on_one("127.0.0.1", len(OUTLETS))
            case "auto":
                try:
                    return listen(ADDRESSES)
                except OSError:
                    return listen_on_one("127.0.0.1", len(OUTLETS))
            case _:
                assert_never(self._addresses)

    def _answer(self, outlet_id: str, question: Question) -> Answer:
        answer = respond(self.world(), outlet_of(outlet_id), question)
        request = Request(
            outlet_id=outlet_id,
            method=question.method,
            path=question.target,
            headers=question.headers,
            status=answer.status.value,
            at=self._clock(),
        )
        with self._lock:
            self._requests.append(request)
        return answer
