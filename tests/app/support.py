"""The newsroom's configuration, the real command as a process, and stores read back to compare."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import storage
from ingest.demo.check import check
from ingest.demo.newsroom import Newsroom
from ingest.demo.play import Stored, read_back
from ingest.demo.truths import Truths
from storage.archive.reader import Damage, Kept, archive_files, captures
from storage.archive.writer import OPEN
from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import Article, Duplicate

PATIENCE = 60.0


def write_config(newsroom: Newsroom, folder: Path, *, more: str = "", deadline: str = "2s") -> Path:
    """Write a ``feeds.yml`` with ``more`` at its end; return its path.

    The ``deadline`` is what the slow page costs, and what a busy machine has for each request.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = newsroom.config_yaml(data=folder / "data")
    assert "deadline: 3s" in text
    path = folder / "feeds.yml"
    path.write_text(text.replace("deadline: 3s", f"deadline: {deadline}") + more, "utf-8")
    return path


def start(
    config: Path,
    *arguments: str,
    stderr: int | Any = subprocess.PIPE,
    within: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start the real command, by that of ``within`` if given, in a process group of its own."""
    return subprocess.Popen(
        [*within, sys.executable, "-m", "ingest", "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
        env=os.environ | {"COLUMNS": "120"},
    )


def finish(process: subprocess.Popen[str], *, timeout: float = PATIENCE) -> tuple[int, str, str]:
    """Wait for a process; return its exit code and what it said on stdout and stderr."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        slay(process)
        out, err = process.communicate()
        pytest.fail(f"did not end within {timeout:g} s\n{out}\n{err}")
    return process.returncode, out, err


def slay(process: subprocess.Popen[str]) -> None:
    """End a test's own process with all that it started, whatever state they are in."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def group_is_gone(leader: int) -> bool:
    """Whether no process of a group is left."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return True
    return False


def eventually(
    holds: Callable[[], bool], what: str, *, timeout: float = PATIENCE, pause: float = 0.02
) -> float:
    """Wait until something holds; return after how many seconds it did."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > timeout:
            pytest.fail(f"not within {timeout:g} s: {what}")
        time.sleep(pause)
    return time.monotonic() - began


def differences(truths: Truths, stored: Stored, *, polls: bool = True) -> list[str]:
    """Compare a store with the newsroom's truths; without ``polls``, all but the polls."""
    return check(
        truths if polls else replace(truths, polls=()),
        articles=stored.articles,
        revisions=stored.revisions,
        duplicates=stored.duplicates,
        entries=stored.entries,
        polls=stored.polls if polls else [],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Essence:
    """What must not depend on order, concurrency or kills.

    ``revisions``: article id, revision, title and text. ``duplicates``: article id and revision,
    and the copy each is folded into. ``stories``: the partition, each with its first copy.
    ``outcomes``: how many entries of a feed have an outcome.
    """

    revisions: frozenset[tuple[str, int, str, str]]
    duplicates: frozenset[tuple[str, int, str]]
    stories: frozenset[tuple[str, frozenset[str]]]
    outcomes: Mapping[tuple[str, str], int]


def essence(data: Path) -> Essence:
    stored = read_back(data)
    members: dict[str, set[str]] = {}
    for row in (*stored.articles, *stored.duplicates):
        members.setdefault(row["story_id"], set()).add(row["article_id"])
    firsts = {row["story_id"]: row["article_id"] for row in stored.articles}
    assert members.keys() == firsts.keys(), "every story has a first copy"
    with storage.open(data) as store:
        told = store.sql("SELECT story_id, article_id, copies FROM stories").to_pylist()
    assert {row["story_id"]: (row["article_id"], row["copies"]) for row in told} == {
        story: (firsts[story], len(ids)) for story, ids in members.items()
    }
    return Essence(
        revisions=frozenset(
            (row["article_id"], row["revision"], row["title"], row["text"])
            for row in stored.revisions
        ),
        duplicates=frozenset(
            (row["article_id"], row["revision"], row["duplicate_of"]) for row in stored.duplicates
        ),
        stories=frozenset((firsts[story], frozenset(ids)) for story, ids in members.items()),
        outcomes=Counter(_by_page(stored.entries)),
    )


def _by_page(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Count outcomes by article: which of two entries for one page is its first is open."""
    return [(entry["article_id"] or entry["guid"], entry["outcome"]) for entry in entries]


def unkept(data: Path) -> list[str]:
    """Return what is wrong with an archive, and the stored texts whose pages are not in it."""
    files = archive_files(data)
    found = [each for file in files for each in captures(file)]
    wrong = [str(each) for each in found if isinstance(each, Damage)]
    wrong += [f"{file} is still open" for file in files if file.name.endswith(OPEN)]
    kept = {(each.url, each.at) for each in found if isinstance(each, Kept)}
    with storage.open(data) as store:
        rows = store.sql(
            "SELECT url, fetched_at FROM revisions WHERE text_source = 'page'"
        ).to_pylist()
    pages = [(row["url"], row["fetched_at"]) for row in rows]
    return wrong + [f"{url} of {at} is not kept" for url, at in pages if (url, at) not in kept]


def flaws(data: Path) -> list[str]:
    """Return what is wrong with a store in itself, Parquet and journal taken together."""
    ledger = SqliteLedger(data / "state" / "ledger.db")
    try:
        found = ledger.checks()
        found += [f"{p.path}: {p.what}" for p in Lake(data, ledger).verify()]
        snapshot = ledger.snapshot()
        rows: Counter[tuple[str, str, int]] = Counter()
        for table in ("articles", "duplicates"):
            for row in snapshot.rows[table]:
                assert isinstance(row, Article | Duplicate)
                rows[table, row.article_id, row.revision] += 1
            # Every file in the tree, known to the ledger or not: as any other engine reads it.
            for file in (data / table).glob("**/*.parquet"):
                keys = pq.ParquetFile(file).read(columns=["article_id", "revision"]).to_pylist()
                rows.update((table, key["article_id"], key["revision"]) for key in keys)
        found += [f"{key} is stored {n} times" for key, n in rows.items() if n > 1]
        done = ledger.count_outcomes()
        if sum(done.values()) != len(ledger.entries_with(list(done), limit=10_000)):
            found.append("entries and outcomes differ in number")
    finally:
        ledger.close()
    return found
