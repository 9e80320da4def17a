"""The settings as the rest of the program sees them: frozen values with their defaults.

``feeds.yml`` is read into these by ``ingest.config.load``; nothing else reads it. The keys of
the file are described in ``docs/reference/configuration.md``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from ingest.types import Feed, SiteRules

MIB = 1024 * 1024


def _processors() -> int:
    return max(1, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerHost:
    """How hard one host is asked: requests at once, and the pause between their starts."""

    concurrency: int = 2
    delay: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How feeds and pages are fetched.

    ``concurrency`` counts feeds under way at once, over all hosts, and again pages. ``deadline``
    is the total for one request, from looking up the name to the last byte. ``max_bytes`` is
    measured after decoding.
    """

    contact: str | None = None
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    per_host: PerHost = field(default_factory=PerHost)
    concurrency: int = 32
    deadline: timedelta = timedelta(seconds=30)
    connect_timeout: timedelta = timedelta(seconds=10)
    max_bytes: int = 10 * MIB
    max_redirects: int = 5
    robots_for_pages: bool = True
    robots_for_feeds: bool = False
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingSettings:
    """The least and the most time between two polls of a feed."""

    min_interval: timedelta = timedelta(minutes=5)
    max_interval: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSettings:
    """Thresholds for texts of one language; what is ``None`` is as for all others."""

    containment: float | None = None
    late_containment: float | None = None
    lead: float | None = None
    numbers: float | None = None
    numbers_if_sure: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupSettings:
    """How copies are folded. ``window`` bounds how far back copies are looked for.

    ``containment`` is the share of the smaller text (0 to 1) from which on it is a copy, or
    ``late_containment`` where the two appeared further than ``near_window`` apart. ``lead``,
    ``min_numbers``, ``numbers``, ``numbers_if_sure`` and ``headlines`` are as in
    ``ingest.dedup.decision.FoldRules``, ``languages`` other thresholds by language (``en``).
    ``keep_text`` keeps the text of copies as well.
    """

    enabled: bool = True
    window: timedelta = timedelta(days=90)
    near_window: timedelta = timedelta(hours=72)
    containment: float = 0.6
    late_containment: float = 0.95
    lead: float = 0.1
    min_numbers: int = 3
    numbers: float = 0.6
    numbers_if_sure: float = 0.4
    headlines: int = 3
    languages: Mapping[str, LanguageSettings] = field(default_factory=dict)
    keep_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """The processes that parse and extract. ``memory_mb`` (MiB) and ``timeout`` end one."""

    count: int = field(default_factory=_processors)
    timeout: timedelta = timedelta(seconds=10)
    memory_mb: int = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractSettings:
    """What is kept of a page beside its text. ``markdown`` keeps the text's structure too."""

    markdown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushSettings:
    """When committed rows are written out as Parquet: whichever comes first."""

    rows: int = 2000
    every: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """How often a page is tried in all, and the first pause between tries (it doubles)."""

    attempts: int = 3
    backoff: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSettings:
    """How often the daemon looks for feeds that are due."""

    tick: timedelta = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """How long rows are kept, where a feed does not say else; ``None`` is for ever."""

    retention: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSubSettings:
    """Where hubs push to: the public address, and the one that the daemon listens at.

    ``callback`` has no slash at its end; without it nothing is subscribed to. Port 0 of ``listen``
    stands for any that is free.
    """

    callback: str | None = None
    listen: tuple[str, int] = ("127.0.0.1", 8089)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of ``feeds.yml``. ``data`` is absolute; ``path`` is the file as it was named.

    ``archive`` is whether single pages are archived, which no feed brings.
    """

    path: Path | None = None
    data: Path
    archive: bool = False
    polling: PollingSettings = field(default_factory=PollingSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    dedup: DedupSettings = field(default_factory=DedupSettings)
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    extract: ExtractSettings = field(default_factory=ExtractSettings)
    flush: FlushSettings = field(default_factory=FlushSettings)
    retry: RetrySettings = field(default_factory=RetrySettings)
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    websub: WebSubSettings = field(default_factory=WebSubSettings)
    sites: tuple[SiteRules, ...] = ()
    feeds: tuple[Feed, ...] = ()
