"""What the tests of this folder share."""

import asyncio
import socket
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Any, TypeVar

from ingest.config import FetchSettings, PerHost
from ingest.fetch.client import Fetcher
from ingest.fetch.transport import Resolve, look_up
from ingest.types import Fault, Fetched

T = TypeVar("T")
LOOPBACK = (IPv4Network("127.0.0.0/8"),)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def offline(host: str, port: int) -> tuple[str, ...]:
    """Resolve as the system does, but for names that it would ask the network for."""
    return look_up(host, port, 0 if host.startswith("localhost") else socket.AI_NUMERICHOST)


def run(test: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(test)


def settings(**changes: Any) -> FetchSettings:
    values: dict[str, Any] = {
        "allow_networks": LOOPBACK,
        "per_host": PerHost(concurrency=2, delay=timedelta(0)),
        "deadline": timedelta(seconds=5),
        "max_bytes": 200_000,
        "robots_for_pages": False,
    }
    return FetchSettings(**(values | changes))


def fetcher(
    *, clock: SetClock | None = None, resolve: Resolve | None = None, **changes: Any
) -> Fetcher:
    return Fetcher(settings(**changes), clock=clock or SetClock(), version="1.2.3", resolve=resolve)


def fetched(result: Fetched | Fault) -> Fetched:
    assert isinstance(result, Fetched), result
    return result


def fault(result: Fetched | Fault) -> Fault:
    assert isinstance(result, Fault), result
    return result
