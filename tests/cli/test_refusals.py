"""What cannot be done is said in one line that names it, and ends with the right code."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from tests.cli.conftest import Crawled
from tests.cli.runner import newsfold


@pytest.fixture
def copied(crawled: Crawled, tmp_path: Path) -> Path:
    """A store of the test's own, to be damaged."""
    folder = tmp_path / "data"
    for path in crawled.data.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(crawled.data)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("left", [None, b""])
def test_a_store_that_lost_its_ledger_is_not_crawled_into_but_can_be_queried(
    crawled: Crawled, copied: Path, left: bytes | None
) -> None:
    for path in (copied / "state").glob("ledger.db*"):
        path.unlink()
    if left is not None:
        (copied / "state" / "ledger.db").write_bytes(left)
    ran = newsfold("--config", crawled.config, "--data", copied, "crawl", "meridian")
    assert ran.code == 1
    assert "its ledger" in ran.err
    assert "Traceback" not in ran.err
    told = newsfold("--data", copied, "--json", "query", "SELECT count(*) AS n FROM articles")
    assert told.code == 0
    assert told.json == [{"n": int(crawled.one("SELECT count(*) FROM articles"))}]


@pytest.mark.parametrize("keep", [0, 100])
def test_a_part_that_was_cut_is_left_out_and_told_with_what_to_do(copied: Path, keep: int) -> None:
    ask = ("--data", copied, "--json", "query", "SELECT count(*) AS n FROM articles")
    before = newsfold(*ask).json[0]["n"]
    part = max(copied.glob("articles/dt=*/*.parquet"))
    lost = pq.read_metadata(part).num_rows
    part.write_bytes(part.read_bytes()[:keep])
    ran = newsfold(*ask)
    assert ran.code == 1  # a script sees that something is missing
    assert ran.json == [{"n": before - lost}]
    for command in (("search", "ferry"), ("stories", "list"), ("query", "-")):
        ran = newsfold("--data", copied, *command, stdin="FROM articles; FROM stories")
        assert ran.code == 1
        [told] = [line for line in ran.err.splitlines() if "newsfold store verify" in line]
        assert part.relative_to(copied).as_posix() in told
        assert "Traceback" not in ran.err


def test_rows_go_to_no_file_whose_format_is_anyones_guess(crawled: Crawled, tmp_path: Path) -> None:
    ran = crawled.run("query", "SELECT 1", "--output", tmp_path / "rows.xlsx")
    assert ran.code == 2
    assert "--format" in ran.err
    assert not (tmp_path / "rows.xlsx").exists()


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / ".newsfold-demo").touch()
    with FileLock(folder / ".lock"):
        ran = newsfold("--data", folder, "demo")
    assert ran.code == 1
    assert "running here already" in ran.err


@pytest.mark.parametrize("url", ["notaurl", "file:///etc/passwd", "", "http://", "\udcff"])
def test_a_page_that_is_no_web_address_is_refused_before_anything_is_done(
    crawled: Crawled, url: str
) -> None:
    ran = crawled.run("--json", "crawl", "--url", url)
    assert ran.code == 2
    assert ran.out == ""


def test_a_page_of_which_no_article_came_gives_exit_code_1(crawled: Crawled, copied: Path) -> None:
    address = crawled.url("meridian", "/nowhere")
    ran = newsfold("--config", crawled.config, "--data", copied, "crawl", "--url", address)
    assert ran.code == 1
    assert "http_not_found" in ran.err


def test_a_file_where_a_folder_should_be_is_named(crawled: Crawled, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    ran = newsfold("--config", crawled.config, "--data", tmp_path, "crawl", "meridian")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert str(tmp_path) in ran.err


def test_a_configuration_nested_beyond_reason_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text("feeds: " + "[" * 5_000, "utf-8")
    ran = newsfold("--config", path, "config", "check")
    assert ran.code == 2
    assert len(ran.err.splitlines()) <= 2


def test_a_password_in_an_address_is_refused_rather_than_dropped(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text("feeds:\n  - https://user:secret@example.org/feed.xml\n", "utf-8")
    ran = newsfold("--config", path, "config", "check")
    assert ran.code == 2
    assert "without user name and password" in ran.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")  # noqa: PTH110
def test_a_full_disk_under_the_output_is_one_line(crawled: Crawled) -> None:
    ran = crawled.run("query", "FROM articles", "--format", "csv", "--output", "/dev/full")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert Path("/dev/full").is_char_device()
