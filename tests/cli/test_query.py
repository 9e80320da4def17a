import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.cli.output.rows import paged
from tests.cli.conftest import Crawled
from tests.cli.runner import newsfold

QUERY = "SELECT article_id, title, word_count FROM articles ORDER BY article_id"


def test_rows_come_as_a_table_with_their_number_beneath(crawled: Crawled) -> None:
    ran = crawled.run("query", "SELECT 7 AS seven, 'x' AS letter")
    assert ran.code == 0
    assert "seven" in ran.out
    assert ran.out.rstrip().endswith("1 row")
    assert ran.err == ""


def test_every_text_format_has_all_rows(crawled: Crawled) -> None:
    count = int(crawled.one("SELECT count(*) FROM articles"))
    ran = crawled.run("query", QUERY, "--format", "json")
    assert len(ran.json) == count
    assert f"{count} rows" in ran.err
    lines = crawled.run("query", QUERY, "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == ran.json
    rows = list(csv.DictReader(io.StringIO(crawled.run("query", QUERY, "--format", "csv").out)))
    assert [row["title"] for row in rows] == [row["title"] for row in ran.json]
    assert len(crawled.run("query", QUERY, "--format", "tsv").out.splitlines()) == count + 1
    assert len(crawled.run("query", QUERY, "--format", "markdown").out.splitlines()) == count + 2


def test_the_global_json_option_makes_json_the_format(crawled: Crawled) -> None:
    assert crawled.run("--json", "query", "SELECT 1 AS one").json == [{"one": 1}]
    assert crawled.run("--json", "query", "SELECT 1 AS one", "--format", "csv").out == "one\n1\n"


def test_parquet_goes_to_a_pipe_and_to_a_file(crawled: Crawled, tmp_path: Path) -> None:
    piped = crawled.run("query", QUERY, "--format", "parquet")
    file = tmp_path / "rows.parquet"
    ran = crawled.run("query", QUERY, "-o", file)
    assert ran.raw == b""
    assert str(file) in ran.err
    assert pq.read_table(file).equals(pq.read_table(io.BytesIO(piped.raw)))


@pytest.mark.parametrize(
    ("name", "start"),
    [("x.csv", "one\n"), ("x.json", "[\n"), ("x.md", "| one |"), ("x.tsv", "one")],
)
def test_a_files_name_says_its_format(
    crawled: Crawled, tmp_path: Path, name: str, start: str
) -> None:
    file = tmp_path / name
    assert crawled.run("query", "SELECT 1 AS one", "-o", file).code == 0
    assert file.read_text().startswith(start)


def test_a_refused_query_leaves_the_file_as_it_was(crawled: Crawled, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("before")
    assert crawled.run("query", "DELETE FROM articles", "-o", file).code == 2
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_told(crawled: Crawled, tmp_path: Path) -> None:
    ran = crawled.run("query", "SELECT 1", "-o", tmp_path / "none" / "rows.csv")
    assert ran.code == 1
    assert "rows.csv" in ran.err


def test_nothing_is_written_among_the_stores_own_files(crawled: Crawled, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(crawled.data / "articles")
    for target in (crawled.data / "articles" / "mine.parquet", link / "mine.parquet"):
        for command in (("query", "FROM articles", "-o"), ("store", "export")):
            ran = crawled.run(*command, target)
            assert ran.code == 2
            assert "among the store's own files" in ran.err
    assert not (crawled.data / "articles" / "mine.parquet").exists()
    beside = crawled.data / "mine.csv"
    assert crawled.run("query", "SELECT 1", "-o", beside).code == 0
    beside.unlink()


def test_parameters_fill_the_query_in_order(crawled: Crawled) -> None:
    query = "SELECT $1 AS a, $2 AS b"
    ran = crawled.run("--json", "query", query, "--param", "x' OR 1=1", "--param", "2")
    assert ran.json == [{"a": "x' OR 1=1", "b": "2"}]


def test_a_minus_reads_the_query_from_stdin(crawled: Crawled) -> None:
    assert crawled.run("--json", "query", "-", stdin="SELECT 3 AS n").json == [{"n": 3}]


def test_parameters_may_have_the_names_the_query_gives_them(crawled: Crawled) -> None:
    query = "SELECT $site AS site, $n AS n"
    ran = crawled.run("--json", "query", query, "--param", "n=2", "--param", "site=a=b")
    assert ran.json == [{"site": "a=b", "n": "2"}]
    ran = crawled.run("--json", "query", "SELECT $1 AS a", "--param", "n=2")
    assert ran.json == [{"a": "n=2"}]
    ran = crawled.run("query", query, "--param", "site=x", "--param", "2")
    assert ran.code == 2
    assert "NAME=VALUE" in ran.err


def test_statements_on_stdin_are_run_one_after_the_other(crawled: Crawled) -> None:
    piped = "SELECT 1 AS one; -- a comment\n\nSELECT 'a;b' AS two;\n"
    ran = crawled.run("query", "--format", "csv", stdin=piped)
    assert ran.out == "one\n1\ntwo\na;b\n"
    ran = crawled.run("query", "--format", "csv", stdin="SELECT 1 AS one; SELECT nothing;")
    assert (ran.code, ran.out) == (2, "one\n1\n")
    assert crawled.run("query", stdin=" \n").code == 2
    assert crawled.run("query", stdin="SELECT 'open").code == 2


def test_one_statement_fills_a_file(crawled: Crawled, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    ran = crawled.run("query", "-o", file, stdin="SELECT 1; SELECT 2")
    assert ran.code == 2
    assert not file.exists()


def test_examples_are_statements_that_can_be_piped_back(crawled: Crawled) -> None:
    told = crawled.run("query", "--examples").out
    assert crawled.run("query", "--format", "jsonl", stdin=told).code == 0
    assert {"question", "sql"} == set(crawled.run("--json", "query", "--examples").json[0])


def test_what_is_longer_than_the_terminal_goes_through_the_pager(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", seen.append)
    paged("a\nb\n", height=3)
    assert (seen, capsys.readouterr().out) == ([], "a\nb\n")
    paged("a\nb\nc\n", height=3)
    assert seen == ["a\nb\nc\n"]


def test_a_misspelt_column_is_named_with_the_nearest(crawled: Crawled) -> None:
    ran = crawled.run("query", "SELECT titel FROM articles")
    assert ran.code == 2
    assert 'did you mean "title"?' in ran.err
    assert ran.out == ""


def test_a_query_that_takes_too_long_is_stopped(crawled: Crawled) -> None:
    endless = "SELECT count(*) FROM range(100000000000) a, range(100000) b"
    ran = crawled.run("query", endless, "--timeout", "200ms")
    assert ran.code == 1
    assert "stopped after 0.2 seconds" in ran.err


def test_a_wrong_duration_is_refused(crawled: Crawled) -> None:
    ran = crawled.run("query", "SELECT 1", "--timeout", "soon")
    assert ran.code == 2
    assert 'expected a duration like "30s"' in ran.err


def test_quiet_keeps_the_count_to_itself(crawled: Crawled) -> None:
    assert crawled.run("-q", "query", "SELECT 1", "--format", "csv").err == ""


def test_without_a_store_the_way_to_one_is_told(tmp_path: Path) -> None:
    ran = newsfold("--data", tmp_path / "none", "query", "SELECT 1")
    assert ran.code == 1
    assert "newsfold crawl" in ran.err
