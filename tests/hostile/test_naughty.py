"""No string of strangers, in whatever field, fails a batch or reaches a terminal or a log raw."""

import asyncio
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import storage
from ingest.cli.output.logs import CleanFormatter
from ingest.feeds.parse import parse_feed
from ingest.text import clean_line, clean_text, safe_link
from ingest.types import ParsedEntry, ParsedFeed
from tests.app.test_identity import prose
from tests.cli.runner import Ran, newsfold
from tests.feeds.documents import NOW, URL
from tests.fetch.server import Site, answer, site
from tests.hostile import naughty, suites
from tests.hostile.case import JSON, feed
from tests.hostile.suites import nasty

# What acts on a terminal, or turns a line around, or breaks it.
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def test_there_are_enough_strings() -> None:
    assert len(naughty.STRINGS) >= 200


@pytest.mark.parametrize("number", range(len(naughty.STRINGS)))
def test_a_string_in_every_field_leaves_the_entries_whole_and_clean(number: int) -> None:
    for case in nasty(number, naughty.STRINGS[number]):
        parsed = parse_feed(case.body, url=URL, content_type=case.kind, now=NOW)
        assert isinstance(parsed, ParsedFeed), parsed
        assert len(parsed.entries) == case.entries
        for entry in parsed.entries:
            assert_clean(entry)


def assert_clean(entry: ParsedEntry) -> None:
    for line in (entry.guid, entry.title, entry.raw_date, *entry.authors, *entry.tags):
        assert line is None or clean_line(line) == line
    for block in (entry.summary, entry.content):
        assert block is None or clean_text(block) == block
    for link in (entry.link, entry.image_url):
        assert link is None or safe_link(link) == link
    json.dumps(repr(entry)).encode()


@dataclass(frozen=True)
class Store:
    """What was crawled of a feed and of pages full of naughty strings."""

    config: Path
    base: str
    crawl: Ran
    strings: tuple[str, ...]

    def run(self, *args: str | Path) -> Ran:
        return newsfold("--config", self.config, *args)


@contextmanager
def served(web: Site) -> Iterator[Site]:
    """Run a server in a thread of its own, so that commands can run in this one."""
    up, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with site() as running:
            running.pages = web.pages
            web.port = running.port
            up.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(10)
        yield web
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def page(text: str) -> bytes:
    """A page on which everything that is read holds these words."""
    words = "".join(character for character in text if character not in "<>&\"'")
    meta = "".join(
        f'<meta property="{name}" content="{words}">'
        for name in ("og:title", "og:description", "article:author", "article:tag", "og:image")
    )
    body = "".join(f"<p>{part} {words}</p>" for part in prose("lantern").split("\n"))
    return (
        f"<html lang='{words}'><head><meta charset=utf-8><title>{words}</title>{meta}"
        f"<meta name=author content='{words}'></head><body><article><h1>{words}</h1>{body}"
        "</article></body></html>"
    ).encode("utf-8", "surrogatepass")


def documents(strings: Sequence[str], base: str) -> bytes:
    """A JSON Feed with an item for each string, and some that lead to pages."""
    items: list[dict[str, object]] = [
        {
            "id": f"{number} {string}",
            "title": f"T{string}T",
            "summary": string,
            "date_published": string,
            "language": string,
            "tags": [string],
            "authors": [{"name": string}],
        }
        for number, string in enumerate(strings)
    ]
    together = "".join(string for string in strings if len(string) < 100)
    items += [
        {"id": f"page {n}", "url": f"{base}page/{n}", "title": together} for n in range(PAGES)
    ]
    items.append({"id": "refused", "url": f"http://10.0.0.1/{together[:900]}", "title": together})
    return feed(*items, title=together)


PAGES = 3


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = suites.folder_of_suites()
    strings = naughty.STRINGS
    if folder is not None and (folder / suites.NAUGHTY).is_dir():
        strings += naughty.from_file(folder / suites.NAUGHTY / "blns.json")
    together = "".join(string for string in strings if len(string) < 100)
    data = tmp_path_factory.mktemp("naughty")
    nothing = answer(f"<html><title>{together}".encode("utf-8", "replace"))
    web = Site("127.0.0.1", pages={"/none": nothing})
    web.pages |= {
        f"/page/{n}": answer(page(together[n:]), "Content-Type: text/html") for n in range(PAGES)
    }
    with served(web):
        web.pages["/feed"] = answer(documents(strings, web.url()), f"Content-Type: {JSON}")
        web.pages["/two"] = web.pages["/feed"]
        name = json.dumps("N\x1b[31m\x9b\u202eN")
        config = data / "feeds.yml"
        config.write_text(
            "fetch: {allow_networks: [127.0.0.0/8], per_host: {delay: 0s, concurrency: 4}}\n"
            "workers: {count: 1}\nfeeds:\n"
            f"  - {{id: nasty, url: '{web.url('/feed')}', name: {name}}}\n"
            f"  - {{id: none, url: '{web.url('/none')}'}}\n",
            "utf-8",
        )
        ran = newsfold("--config", config, "-v", "crawl")
        yield Store(config=config, base=web.url(), crawl=ran, strings=strings)


def assert_harmless(ran: Ran) -> None:
    for text in (ran.out, ran.err):
        assert not (found := ACTS.search(text)), text[max(0, found.start() - 40) : found.end()]


def test_one_batch_takes_them_all_and_nothing_raw_is_told(store: Store) -> None:
    assert store.crawl.code == 0, store.crawl.err
    assert_harmless(store.crawl)
    with storage.open(store.config.parent / "data") as opened:
        [counts] = opened.sql(
            "SELECT count(*) AS n, count(*) FILTER (outcome = 'failed') AS failed FROM "
            "(SELECT entry_id, last(outcome ORDER BY changed_at) AS outcome "
            "FROM outcomes GROUP BY entry_id)"
        ).to_pylist()
        assert counts["failed"] == 0
        assert counts["n"] == len(store.strings) + PAGES + 1
        rows = opened.sql("SELECT * FROM articles").to_pylist()
        rows += opened.sql("SELECT * FROM duplicates").to_pylist()
    assert rows
    for row in rows:
        for value in row.values():
            for text in value if isinstance(value, list) else [value]:
                assert not isinstance(text, str) or clean_text(text) == text


COMMANDS = (
    *("status", "why nasty", "why none", "feeds list", "search lantern", "store verify"),
    *("query|FROM articles", "query|SELECT title, guid, detail FROM outcomes", "query|FROM polls"),
    *("query|FROM feeds", "query|--format|markdown|FROM outcomes", "config show"),
    *("query|--format|tsv|FROM outcomes", "query|--format|csv|FROM outcomes", "config check"),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_command_tells_nothing_raw(store: Store, command: str, as_json: bool) -> None:
    words = command.split("|" if "|" in command else " ")
    if as_json and "--format" in words:
        pytest.skip("it has a format of its own")
    assert_harmless(store.run(*(["--json"] if as_json else []), *words))


def test_why_and_show_tell_nothing_raw_of_any_entry(store: Store) -> None:
    with storage.open(store.config.parent / "data") as opened:
        entries = opened.sql("SELECT DISTINCT entry_id, article_id FROM outcomes").to_pylist()
    for entry in entries[:: len(entries) // 6]:
        assert_harmless(store.run("why", entry["entry_id"]))
    for article in [entry["article_id"] for entry in entries if entry["article_id"]][:3]:
        ran = store.run("show", article)
        assert ran.code == 0
        assert_harmless(ran)
    assert_harmless(store.run("why", f"{store.base}page/0"))


def test_feeds_check_and_add_tell_nothing_raw(store: Store) -> None:
    ran = store.run("feeds", "check")
    assert ran.code == 1
    assert_harmless(ran)
    added = newsfold("--config", store.config, "feeds", "add", f"{store.base}two", "--id", "two")
    assert added.code == 0, added.err
    assert_harmless(added)
    assert_harmless(store.run("feeds", "list"))
    assert_harmless(store.run("feeds", "add", f"{store.base}none?\x1b[31m"))


def test_a_bug_that_quotes_a_stranger_is_logged_harmlessly() -> None:
    def fails() -> None:
        raise ValueError("quoted \x1b[31m and \u202e")

    ran = newsfold("--config", "none.yml", "status")
    assert_harmless(ran)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CleanFormatter())
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s failed", ("\x9b2J",), None)
    try:
        fails()
    except ValueError:
        record.exc_info = sys.exc_info()
    handler.emit(record)
    assert "Traceback" in stream.getvalue()
    assert not ACTS.search(stream.getvalue())
