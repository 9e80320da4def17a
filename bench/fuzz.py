"""Fuzz what takes bytes and words of strangers, guided by coverage.

Usage: python bench/fuzz.py [TARGET...] [--seconds N]

Targets: feed, url, date, http; all of them if none is named, N seconds (60) each. Needs atheris,
which is no dependency: pip install atheris. A finding ends its target, prints what it was and
where the input is kept, and makes the exit code 1.
"""

import argparse
import asyncio
import contextlib
import io
import subprocess
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

try:
    import atheris
except ImportError:
    sys.exit("fuzzing needs atheris: pip install atheris (wheels are for Linux)")

INSTRUMENTED = ["ingest", "feedparser", "w3lib", "courlan"]

# It lists every module on stderr.
with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=INSTRUMENTED):
    import httpx

    from ingest.articles.urls import canonical_url, site_of
    from ingest.feeds.dates import EARLIEST, LEEWAY, parse_date
    from ingest.feeds.diff import pack, unpack
    from ingest.feeds.parse import parse_feed
    from ingest.fetch.exchange import Answer, Errand, Exchange
    from ingest.fetch.faults import (
        LONGEST_HOLD,
        SHORTEST_HOLD,
        TROUBLES,
        TroubleError,
        fault_from,
        http_date,
        retry_after,
    )
    from ingest.fetch.guard import first_refused, refusal
    from ingest.fetch.redirects import parse_url, redirect_target
    from ingest.text import clean_line, clean_text, safe_link
    from ingest.types import Fault, ParsedFeed, Validators

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = "https://feeds.example.org/news/rss.xml"
LIMIT = 100_000
# One input may take this many seconds; a document's own limit is higher, a fuzzer's patience not.
PATIENCE = 20

# Bytes of an input; longer ones say nothing new and take their time.
LONGEST = {"feed": 4_096, "url": 300, "date": 100, "http": 4_096}


def feed(data: bytes) -> None:
    """Whatever a document holds, entries come out clean, each with a guid of its own."""
    kinds = ("", "application/json", "text/xml; charset=utf-16", "text/html; charset=koi8-r")
    kind = kinds[data[0] % len(kinds)] if data else ""
    parsed = parse_feed(data[1:], url=HERE, content_type=kind, now=NOW)
    if not isinstance(parsed, ParsedFeed):
        assert parsed.detail, "a fault without a word"
        return
    assert len({entry.guid for entry in parsed.entries}) == len(parsed.entries)
    for entry in parsed.entries:
        for line in (entry.guid, entry.title, *entry.authors, *entry.tags):
            assert line is None or clean_line(line) == line, repr(line)
        for block in (entry.summary, entry.content):
            assert block is None or clean_text(block) == block, repr(block)
        assert entry.link is None or safe_link(entry.link) == entry.link, entry.link
        assert unpack(pack(entry)) == entry


def url(data: bytes) -> None:
    """An address has one form, and what is let through the guard is global unicast."""
    text = data.decode("utf-8", "surrogateescape" if data[:1] == b"!" else "replace")
    for candidate in (text, f"http://{text}", f"https://example.org/{text}"):
        once = canonical_url(candidate)
        assert canonical_url(once) == once, (candidate, once)
        site_of(candidate)
        link = safe_link(candidate)
        assert link is None or safe_link(link) == link, candidate
        if link is not None:
            assert canonical_url(link), link
        try:
            parsed = parse_url(candidate)
        except TroubleError:
            continue
        assert parsed.scheme in {"http", "https"}
        assert not parsed.userinfo
        assert b"%" not in parsed.raw_host
        with contextlib.suppress(TroubleError):
            redirect_target(parsed, 302, [data])
    first_refused([text])
    for size in (4, 16):
        if len(data) >= size:
            address = ip_address(data[:size])
            if refusal(address) is None:
                assert address.is_global, address
                assert not address.is_multicast, address


def date(data: bytes) -> None:
    """A date is between 1990 and two days from now, in UTC, or none at all."""
    text = data.decode("utf-8", "replace")
    moment = parse_date(text, now=NOW)
    if moment is not None:
        assert EARLIEST <= moment <= NOW + LEEWAY, moment
        assert moment.tzinfo is UTC, moment
        assert parse_date(moment.isoformat(), now=NOW) == moment
    until = http_date(text)
    assert until is None or until.tzinfo is UTC
    wish = retry_after({"retry-after": text, "date": text[::-1]}, NOW)
    assert wish is None or SHORTEST_HOLD <= wish <= LONGEST_HOLD


class Canned(httpx.AsyncBaseTransport):
    """Answers with what a fuzzer made up."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Take a status, headers and a body in pieces out of the bytes."""
        del request
        given = atheris.FuzzedDataProvider(self._data)
        status = given.PickValueInList([200, 200, 200, 226, 301, 302, 304, 429, 503, 799])
        names = [b"Content-Encoding", b"Content-Length", b"Location", b"Retry-After", b"Date",
                 b"Content-Type", b"ETag", b"Link"]  # fmt: skip
        values = [b"gzip", b"deflate", b"identity", b"gzip, gzip", b"0", b"5", b"/a", b"60"]
        headers = [
            (
                given.PickValueInList(names),
                given.ConsumeBytes(20) if given.ConsumeBool() else given.PickValueInList(values),
            )
            for _ in range(given.ConsumeIntInRange(0, 6))
        ]
        packed = given.ConsumeIntInRange(0, 3)
        body = given.ConsumeBytes(given.remaining_bytes())
        if packed == 1:
            packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
            body = packer.compress(body) + packer.flush()
        elif packed == 2:  # noqa: PLR2004 - one of three kinds
            body = zlib.compress(body)
        # httpcore lets no length through that is no number.
        headers = [(n, v) for n, v in headers if n != b"Content-Length" or v.isdigit()]
        return httpx.Response(status, headers=headers, stream=Pieces(body))


class Pieces(httpx.AsyncByteStream):
    """A body that comes in small pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        for start in range(0, len(self._body), 7):
            yield self._body[start : start + 7]


def http(data: bytes) -> None:
    """Any answer is one that was wanted, within its limit, a redirect to the web, or a fault."""
    errand = Errand(headers=(), wanted=frozenset({200, 226}), limit=LIMIT, max_redirects=5)
    exchange = Exchange(Canned(data), clock=lambda: NOW, connect_timeout=timedelta(seconds=1))
    try:
        result = LOOP.run_until_complete(exchange(errand, httpx.URL(HERE), Validators(etag='"1"')))
    except TROUBLES as trouble:
        result = fault_from(trouble)
    if isinstance(result, Fault):
        assert result.detail.isprintable(), result
    if isinstance(result, Answer):
        assert len(result.body) <= LIMIT


LOOP = asyncio.new_event_loop()
TARGETS: dict[str, Callable[[bytes], None]] = {"feed": feed, "url": url, "date": date, "http": http}


def seeds(name: str, folder: Path) -> None:
    """Begin with documents and words that are known to be hard."""
    from tests.hostile import naughty  # noqa: PLC0415 - one process a target, one needs each
    from tests.hostile.cases import MENDED  # noqa: PLC0415 - idem

    documents = [b"\0" + case.body for case in MENDED if len(case.body) < LONGEST["feed"]]
    strings = [string.encode("utf-8", "replace") for string in naughty.STRINGS]
    for number, seed in enumerate(documents if name == "feed" else strings):
        (folder / str(number)).write_bytes(seed[: LONGEST[name]])


def fuzz(name: str, seconds: int, found: Path) -> None:
    """Fuzz one target in this process, which does not come back from it."""
    folder = Path(tempfile.mkdtemp())
    seeds(name, folder)
    limits = [f"-max_total_time={seconds}", f"-timeout={PATIENCE}", "-rss_limit_mb=2048"]
    sizes = [
        f"-max_len={LONGEST[name]}",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/{name}-",
    ]
    atheris.Setup([sys.argv[0], *limits, *sizes, str(folder)], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """Fuzz each target in a process of its own; print a line each, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here is not None:
        fuzz(options.targets[0], options.seconds, options.here)
    found = Path(tempfile.mkdtemp(prefix="newsfold-fuzz-"))
    findings = 0
    for name in options.targets or TARGETS:
        own = [sys.executable, __file__, name, "--seconds", str(options.seconds), "--here", found]
        ran = subprocess.run(own, capture_output=True, text=True, check=False)
        runs = ran.stderr.rpartition("stat::number_of_executed_units:")[2].split("\n")[0].strip()
        covered = [line for line in ran.stderr.splitlines() if " cov: " in line][-1:]
        edges = covered[0].partition(" cov: ")[2].split()[0] if covered else "?"
        findings += ran.returncode != 0
        end = "nothing found" if ran.returncode == 0 else f"FOUND something, kept in {found}"
        print(f"{name:5} {runs:>9} inputs, {edges:>5} edges: {end}", flush=True)
        if ran.returncode != 0:
            print(ran.stdout[-2_000:], ran.stderr[-2_000:], sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
