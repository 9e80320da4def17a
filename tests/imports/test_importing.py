"""Imports are exact, can be repeated, and obey the laws of a crawl."""

import asyncio
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import storage
from ingest.app import crawl
from ingest.clock import system_clock
from ingest.config import load
from ingest.demo.newsroom import Newsroom
from ingest.observe import Tally
from tests.app.support import eventually, flaws
from tests.cli.conftest import NOW, patient
from tests.cli.runner import Ran, newsfold


def story(number: int, **more: Any) -> dict[str, Any]:
    words = " ".join(f"word{Random(f'{number} {n}').randrange(100_000)}" for n in range(80))
    return {
        "url": f"https://example.org/{number}",
        "text": f"Story {number} begins here.\n\n{words}.",
        "title": f"Story {number}",
        "date": "2026-11-20T10:00:00Z",
    } | more


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def imported(data: Path, *arguments: str | Path) -> Ran:
    return newsfold("--data", data, "--config", data / "none.yml", "--json", "store", *arguments)


def counts(ran: Ran) -> dict[str, int]:
    outcomes: dict[str, int] = ran.json["outcomes"]
    assert sum(outcomes.values()) == ran.json["rows"]
    return {outcome: count for outcome, count in outcomes.items() if count}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_every_row_has_one_outcome_and_a_damaged_line_costs_itself_alone(
    data: Path, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "a.jsonl",
        story(1),
        '{"url": "https://example.org/broken", "text": ',
        story(2),
        story(2),
        story(3, text=story(1)["text"], url="https://example.net/copy"),
        {"text": "no address"},
        {"url": "https://example.org/empty", "text": "  "},
        "[1, 2]",
        story(1, text=story(1)["text"] + "\n\nAnd a new end of this story, told at length."),
    )
    ran = imported(data, "import", file)
    assert ran.code == 1
    assert counts(ran) == {
        "new": 2,
        "revised": 1,
        "unchanged": 1,
        "duplicate": 1,
        "skipped": 1,
        "failed": 3,
    }
    assert f"{file}:2: failed: no JSON" in ran.err
    assert f"{file}:6: failed: it has no url" in ran.err
    assert [problem["row"] for problem in ran.json["problems"]] == [2, 6, 7, 8]
    with storage.open(data) as store:
        assert len(store.get("https://example.org/1")) == 2
        [row] = store.get("https://example.org/2")
        assert row.published_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
        assert json.loads(row.extra)["imported"] == {"file": "a.jsonl", "row": 3}
    assert flaws(data) == []


def test_the_same_file_again_adds_nothing_and_why_tells_the_row(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", story(1), story(1, text="Another text of the same."))
    assert counts(imported(data, "import", file)) == {"new": 1, "revised": 1}
    before = sorted(data.rglob("*.parquet"))
    assert counts(imported(data, "import", file)) == {"unchanged": 2}
    assert sorted(data.rglob("*.parquet")) == before
    why = newsfold("--data", data, "why", "https://example.org/1")
    assert "imported from a.jsonl, row 1" in " ".join(why.out.split())
    assert "imported from a.jsonl, row 2" in " ".join(why.out.split())


def test_a_dry_run_says_what_the_import_then_does(data: Path, tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", story(1))
    copy = story(9, text=story(1)["text"], url="https://example.net/9")
    file = write(tmp_path / "b.jsonl", copy, story(2), story(1))
    assert counts(imported(data, "import", first)) == {"new": 1}
    dry = imported(data, "import", file, "--dry-run")
    assert counts(dry) == {"duplicate": 1, "new": 1, "unchanged": 1}
    with storage.open(data) as store:
        assert store.sql("FROM articles").num_rows == 1
    assert counts(imported(data, "import", file)) == counts(dry)
    nothing = tmp_path / "nothing"
    assert counts(imported(nothing, "import", file, "--dry-run")) == {"new": 3 - 1, "duplicate": 1}
    assert not nothing.exists()


def test_parquet_csv_and_gzip_come_to_the_same(tmp_path: Path) -> None:
    rows = [story(number) for number in range(5)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    write(tmp_path / "a.jsonl", *rows)
    with gzip.open(tmp_path / "b.jsonl.gz", "wb") as packed:
        packed.write((tmp_path / "a.jsonl").read_bytes())
    assert counts(imported(tmp_path / "1", "import", tmp_path / "a.parquet")) == {"new": 5}
    for name in ("a.jsonl", "b.jsonl.gz"):
        assert counts(imported(tmp_path / "1", "import", tmp_path / name)) == {"unchanged": 5}
    out = tmp_path / "out.csv"
    assert imported(tmp_path / "1", "export", out).code == 0
    assert counts(imported(tmp_path / "1", "import", out)) == {"unchanged": 5}
    assert counts(imported(tmp_path / "2", "import", out)) == {"new": 5}


def test_a_parquet_file_that_is_cut_is_told(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([story(1)]), file)
    file.write_bytes(file.read_bytes()[:-20])
    ran = imported(data, "import", file)
    assert ran.code == 1
    assert f"{file}:1: failed: the file cannot be read from here" in ran.err


def test_wrong_usage_is_told(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", story(1))
    assert "give a --format" in imported(data, "import", file).err
    assert imported(data, "import", file, "--format", "jsonl", "--map", "x=y").code == 2
    assert imported(data, "import", file, "--format", "jsonl", "--feed", "A B").code == 2
    assert not data.exists()


def test_a_killed_import_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    rows = [story(number) for number in range(400)]
    rows += [story(n, url=f"https://example.net/{n}", text=rows[n]["text"]) for n in range(50)]
    file = write(tmp_path / "a.jsonl", *rows)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert counts(imported(whole, "import", file)) == {"new": 400, "duplicate": 50}
    for least in (1, 200):
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest", "--data", killed, "-q", "store", "import", file],
            start_new_session=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        eventually(partial(has_entries, killed, least), "rows are imported")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    ran = imported(killed, "import", file)
    assert ran.json["rows"] == 450
    assert ran.json["outcomes"]["failed"] == 0
    assert flaws(killed) == []
    query = "SELECT article_id, text FROM articles ORDER BY ALL"
    copies = "SELECT article_id, duplicate_of FROM duplicates ORDER BY ALL"
    with storage.open(whole) as one, storage.open(killed) as other:
        assert one.sql(query).equals(other.sql(query))
        assert one.sql(copies).equals(other.sql(copies))


def has_entries(data: Path, least: int) -> bool:
    path = data / "state" / "ledger.db"
    if not path.is_file():
        return False
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        try:
            [[count]] = db.execute("SELECT count(*) FROM entries").fetchall()
        except sqlite3.OperationalError:  # its tables are being made
            return False
        return bool(count >= least)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A crawled newsroom whose copies' texts are kept."""

    folder = tmp_path_factory.mktemp("kept")
    path = folder / "feeds.yml"
    with Newsroom(now=NOW) as newsroom:
        text = patient(newsroom.config_yaml(data=folder / "data"))
        path.write_text(text + "dedup: {keep_text: true}\n", encoding="utf-8")
        config = load(path)
        newsroom.publish(1)
        asyncio.run(crawl(config, config.feeds, clock=system_clock, observer=Tally()))
        yield config.data


SAME = """
    SELECT article_id, canonical_url, url, site, title, authors, published_at, modified_at,
           first_seen_at, language, summary, text, tags, image_url, word_count, text_source,
           content_hash, signature, extractor
    FROM articles ORDER BY article_id"""


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv.gz"])
def test_an_export_imported_into_an_empty_store_is_the_same_articles_and_stories(
    kept: Path, tmp_path: Path, ending: str
) -> None:
    files = [tmp_path / f"{view}.{ending}" for view in ("articles", "duplicates")]
    for file in files:
        assert imported(kept, "export", file, "--table", file.name.split(".")[0]).code == 0
    empty = tmp_path / "empty"
    ran = imported(empty, "import", *files)
    assert ran.code == 0
    with storage.open(kept) as one, storage.open(empty) as other:
        assert one.sql(SAME).to_pylist() == other.sql(SAME).to_pylist()
        assert partition(one) == partition(other)
    assert flaws(empty) == []


def partition(store: Any) -> set[tuple[str, frozenset[str]]]:
    """The stories: the first of each, with all that are folded into it."""
    members: dict[str, set[str]] = {}
    for row in store.sql("SELECT article_id, duplicate_of FROM duplicates").to_pylist():
        members.setdefault(row["duplicate_of"], set()).add(row["article_id"])
    firsts = store.sql("SELECT article_id FROM articles")["article_id"].to_pylist()
    assert members.keys() <= set(firsts)
    return {(first, frozenset(members.get(first, ()))) for first in firsts}


def test_csv_rows_that_do_not_fit_the_head_are_told_by_the_line_they_begin_in(
    data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    text = story(1)["text"]
    file.write_text(
        f'\ufeffurl,text\nhttps://example.org/1,"{text}"\nhttps://example.org/2\n'
        f'https://example.org/3,"{text}\n{story(3)["text"]}"\n',
        encoding="utf-8",
    )
    ran = imported(data, "import", file)
    assert ran.json["outcomes"]["failed"] == 1
    assert f"{file}:5: failed: it has 1 cells, the head has 2" in ran.err
    assert ran.json["rows"] == 3
