"""What the commands that look at feeds on the web share: finding one, and saying what it is."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from ingest import app
from ingest.cli import say
from ingest.cli.context import Context
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings, WorkerSettings
from ingest.errors import NewsfoldError
from ingest.probing.probe import Probe, Prober
from ingest.types import Fault, ParsedFeed
from storage.errors import StoreError
from storage.ledger.base import Ledger

T = TypeVar("T")

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def address(url: str) -> str:
    """Return an address as a person gives it with its scheme; https if there is none."""
    return url if _SCHEME.match(url) else f"https://{url}"


def known_config(context: Context) -> Config | None:
    """Return the configuration, or ``None`` if there is none yet.

    Raises:
        ConfigError: it is wrong.
    """
    return context.load_config() if context.config_path.exists() else None


def open_prober(
    context: Context, config: Config | None
) -> AbstractAsyncContextManager[Prober, bool | None]:
    """Open what looks at feeds: by the defaults without a configuration.

    Hosts that asked a crawl to be left alone are left alone.
    """
    if config is None:
        return app.open_prober(FetchSettings(), WorkerSettings(), clock=system_clock, holds={})
    now = system_clock()
    holds = asked(context, lambda ledger: ledger.held_hosts(now)) or {}
    return app.open_prober(config.fetch, config.workers, clock=system_clock, holds=holds)


def asked(context: Context, question: Callable[[Ledger], T]) -> T | None:
    """Return what the ledger answers; ``None`` where there is none yet."""
    try:
        ledger = context.open_ledger()
    except StoreError:
        return None
    try:
        return question(ledger)
    finally:
        ledger.close()


async def find_feed(
    context: Context, config: Config | None, url: str, *, nothing: str
) -> tuple[Probe, ParsedFeed]:
    """Return the feed at ``url``, or the first that a page there announces.

    Raises:
        NewsfoldError: there is none, or it cannot be had; ``nothing`` says what was not done.
    """
    async with open_prober(context, config) as prober:
        probe = await prober.probe(url)
        if isinstance(probe.document, ParsedFeed):
            return probe, probe.document
        if not probe.announced:
            raise NewsfoldError(
                f"{url}: {trouble(probe.document)}; {nothing} (`newsfold feeds discover {url}` "
                "looks further)"
            )
        first, *others = probe.announced
        say.note(context, say.said(f"{url} is a page; it announces the feed {first.url}").plain)
        for other in others:
            title = f" ({other.title})" if other.title else ""
            say.note(context, say.said(f"it also announces {other.url}{title}").plain)
        probe = await prober.probe(first.url)
        if isinstance(probe.document, ParsedFeed):
            return probe, probe.document
        raise NewsfoldError(f"{first.url}: {trouble(probe.document)}; {nothing}")


def parsed_record(probe: Probe, parsed: ParsedFeed) -> dict[str, object]:
    """Return what a feed's document is, as a record."""
    return {
        "format": parsed.format,
        "entries": len(parsed.entries),
        "newest": probe.newest,
        "flaw": parsed.flaw,
    }


def about(probe: Probe, parsed: ParsedFeed) -> str:
    """Return in words what a feed's document is."""
    count = say.plural(len(parsed.entries), "entry", "entries")
    newest = f", the newest of {probe.newest:%Y-%m-%d %H:%M}" if probe.newest else ""
    return f"{parsed.format}, {count}{newest}"


def trouble(fault: Fault) -> str:
    """Return a fault in words."""
    status = f" ({fault.status})" if fault.status and str(fault.status) not in fault.detail else ""
    return say.said(f"{fault.reason}{status}: {fault.detail}").plain
