import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from tests.cli.conftest import Crawled
from tests.cli.runner import newsfold


@pytest.fixture
def copied(crawled: Crawled, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crawled.data, tmp_path / "data"))


def a_part(data: Path) -> Path:
    return min((data / "articles").rglob("*.parquet"))


def test_a_sound_store_is_well(crawled: Crawled) -> None:
    ran = crawled.run("store", "verify")
    assert (ran.code, ran.out) == (0, "")
    assert "all is well" in ran.err
    told = crawled.run("--json", "store", "verify").json
    assert told["ok"]
    assert told["problems"] == []
    assert told["rows"] > 0


def test_a_damaged_file_is_named_with_a_remedy(copied: Path) -> None:
    part = a_part(copied)
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 0xFF
    part.write_bytes(content)
    ran = newsfold("--data", copied, "store", "verify")
    assert ran.code == 1
    assert part.relative_to(copied).as_posix() in ran.out
    assert "Restore this file from a backup" in ran.out


def test_a_stray_file_is_a_warning(copied: Path) -> None:
    part = a_part(copied)
    shutil.copy(part, part.with_name("part-stray.parquet"))
    told = newsfold("--data", copied, "--json", "store", "verify")
    assert told.code == 1
    assert [problem["level"] for problem in told.json["problems"]] == ["warning"]


def test_a_lost_file_is_told_by_verify_and_by_query(copied: Path) -> None:
    a_part(copied).unlink()
    ran = newsfold("--data", copied, "store", "verify")
    assert ran.code == 1
    assert "is missing" in ran.out
    asked = newsfold("--data", copied, "query", "SELECT count(*) FROM articles")
    assert asked.code == 1
    assert "newsfold store verify" in asked.err
    assert "1 row" in asked.out


def test_a_ledger_that_is_none_is_told_in_one_line(copied: Path) -> None:
    for file in (copied / "state").glob("ledger.db*"):
        file.unlink()
    (copied / "state" / "ledger.db").write_bytes(b"no database at all" * 100)
    ran = newsfold("--data", copied, "store", "verify")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


def test_a_damaged_file_of_the_folds_index_is_told_by_what_to_do(copied: Path) -> None:
    file = copied / "state" / "fold" / "0000000000000001-0000000000000002.fold"
    file.write_bytes(b"no segment at all" * 100)
    ran = newsfold("--data", copied, "store", "verify")
    assert ran.code == 1
    assert f"state/fold/{file.name}" in ran.out
    assert "the next crawl makes it anew" in " ".join(ran.out.split())


def test_a_repair_asks_first_and_then_moves_what_is_damaged_and_names_what_is_lost(
    copied: Path,
) -> None:
    part = a_part(copied)
    name = part.relative_to(copied).as_posix()
    part.write_bytes(part.read_bytes()[:-9])
    asked = newsfold("--data", copied, "store", "repair")
    assert asked.code == 2
    assert "--yes" in asked.err
    planned = newsfold("--data", copied, "--json", "store", "repair", "--dry-run").json
    assert not planned["done"]
    assert [file["path"] for file in planned["files"]] == [name]
    assert planned["lost_articles"]
    assert part.exists()
    ran = newsfold("--data", copied, "store", "repair", "--yes")
    assert ran.code == 0
    assert all(lost["article_id"] in ran.out for lost in planned["lost_articles"])
    assert (copied / "quarantine" / name).is_file()
    assert newsfold("--data", copied, "store", "verify").code == 0
    assert newsfold("--data", copied, "query", "SELECT count(*) FROM articles").code == 0
    assert not newsfold("--data", copied, "--json", "store", "repair", "--dry-run").json["files"]


def test_the_search_index_is_built_anew(copied: Path) -> None:
    ran = newsfold("--data", copied, "--json", "store", "reindex")
    assert ran.code == 0
    assert ran.json["seconds"] > 0
    assert newsfold("--data", copied, "--json", "search", "ferry").json


@pytest.mark.parametrize("left", [None, b""])
@pytest.mark.parametrize(
    "command", [("status",), ("store", "verify"), ("store", "compact"), ("stories", "list")]
)
def test_no_command_begins_a_new_ledger_beside_what_a_lost_one_wrote(
    copied: Path, left: bytes | None, command: tuple[str, ...]
) -> None:
    ledger = copied / "state" / "ledger.db"
    for file in ledger.parent.glob("ledger.db*"):
        file.unlink()
    if left is not None:
        ledger.write_bytes(left)
    ran = newsfold("--data", copied, *command)
    assert ran.code == 1
    assert "is missing or empty" in ran.err
    assert "`newsfold store repair`" in ran.err
    assert (ledger.read_bytes() if ledger.exists() else None) == left


def test_a_lost_ledger_is_made_anew_and_the_next_crawl_adds_nothing(
    crawled: Crawled, copied: Path
) -> None:
    counts = (
        "SELECT (SELECT count(*) FROM revisions) AS revisions,"
        " (SELECT count(*) FROM duplicates) AS copies"
    )
    before = newsfold("--data", copied, "--json", "query", counts).json
    for file in (copied / "state").glob("ledger.db*"):
        file.unlink()
    planned = newsfold("--data", copied, "--json", "store", "repair", "--dry-run").json
    assert not planned["done"]
    assert not (copied / "state" / "ledger.db").exists()
    ran = newsfold("--data", copied, "store", "repair", "--yes")
    assert ran.code == 0, ran.err
    assert "made anew" in ran.err
    assert newsfold("--data", copied, "store", "verify").code == 0
    again = newsfold("--config", crawled.config, "--data", copied, "-q", "crawl")
    assert again.code == 0, again.err
    assert newsfold("--data", copied, "--json", "query", counts).json == before
    assert newsfold("--data", copied, "store", "verify").code == 0


def test_an_article_that_the_ledger_or_the_files_lack_is_told_and_put_right(copied: Path) -> None:
    with closing(SqliteLedger(copied / "state" / "ledger.db")) as ledger:
        ids = ledger.stories.in_order()
        first, other = (it for it in ledger.stories.articles(ids)[:2])
        with ledger.writing() as writer:
            writer.stories.put(replace(first, revision=first.revision + 7))
            writer.stories.put(replace(other, article_id="0" * 20, story_id="0" * 20))
    told = newsfold("--data", copied, "--json", "store", "verify").json
    assert [problem["path"] for problem in told["problems"]] == ["state/ledger.db"]
    assert (
        f"2 articles is stored nowhere: {'0' * 20} (0), {first.article_id}"
        in (told["problems"][0]["what"])
    )
    assert newsfold("--data", copied, "store", "repair", "--yes").code == 0
    assert newsfold("--data", copied, "store", "verify").code == 0


def test_a_search_index_that_lacks_what_it_says_it_has_is_a_warning(copied: Path) -> None:
    newsfold("--data", copied, "search", "ferry")
    with closing(sqlite3.connect(copied / "state" / "search.db")) as db, db:
        db.execute("DELETE FROM docs WHERE id = (SELECT min(id) FROM docs)")
    told = newsfold("--data", copied, "--json", "store", "verify").json
    assert [(it["level"], it["path"]) for it in told["problems"]] == [
        ("warning", "state/search.db")
    ]
    newsfold("--data", copied, "store", "reindex")
    assert newsfold("--data", copied, "store", "verify").code == 0


def test_a_damaged_ledger_is_told_with_what_mends_it(copied: Path) -> None:
    ledger = copied / "state" / "ledger.db"
    ledger.write_bytes(b"SQLite format 3\0" + b"\xff" * 20_000)
    for command in (("store", "verify"), ("status",)):
        ran = newsfold("--data", copied, *command)
        assert ran.code == 1
        assert "file is not a database; `newsfold store repair` mends it" in ran.err
