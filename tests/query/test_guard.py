import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import storage
from storage.errors import QueryError, QueryTimeout, QueryTooBig
from storage.query.parameters import Parameters
from storage.store import Store
from tests.query.samples import article, put_part

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    put_part(root, "articles", "1", [article("a")])
    (root / "articles-of-others").mkdir()
    shutil.copy(next((root / "articles").rglob("*.parquet")), root / "articles-of-others" / "p")
    (root / "secret.csv").write_text("a,b\n1,2\n")
    with sqlite3.connect(root / "other.db") as db:
        db.execute("CREATE TABLE t (a)")
    db.close()
    return root


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with storage.open(root) as store:
        yield store


def tree(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


ESCAPES = [
    "SELECT * FROM read_csv('{root}/secret.csv')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('{root}/other.db')",
    "SELECT * FROM read_json('{root}/secret.csv')",
    "SELECT * FROM glob('{root}/*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('{root}/secret.csv')",
    "SELECT * FROM sqlite_scan('{root}/other.db', 't')",
    "SELECT * FROM read_duckdb('{root}/other.db')",
    "SELECT * FROM '{root}/secret.csv'",
    "SELECT * FROM '/etc/passwd'",
    "FROM '{root}/articles-of-others/p'",
    "SELECT * FROM read_parquet('{root}/articles-of-others/p')",
    "SELECT * FROM read_parquet('{root}/articles/../articles-of-others/p')",
    "SELECT * FROM read_parquet('{root}/articles*/p')",
    "SELECT * FROM parquet_metadata('{root}/articles-of-others/p')",
    "SELECT * FROM read_parquet('https://example.org/a.parquet')",
    "COPY (SELECT 1) TO '{root}/articles/x.csv'",
    "COPY articles TO '{root}/out.csv'",
    "WITH x AS (COPY (SELECT 1) TO '{root}/articles/x.csv') SELECT * FROM x",
    "SELECT 1 WHERE EXISTS (WITH x AS (COPY (SELECT 1) TO '{root}/articles/x') SELECT 1)",
    "SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{root}/articles/x'') FROM x')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/articles/x.csv'",
    "EXPLAIN SELECT 1",
    "EXPORT DATABASE '{root}/articles'",
    "IMPORT DATABASE '{root}/articles'",
    "ATTACH '{root}/state/ledger.db'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA version",
    "PRAGMA database_list",
    "CALL duckdb_settings()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM enable_logging()",
    "SELECT getenv('HOME')",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW articles",
    "DROP VIEW articles",
    "CREATE TABLE t (a INT)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "INSERT INTO lake.journal_articles SELECT * FROM lake.journal_articles",
    "WITH x AS (DELETE FROM lake.journal_articles RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO lake.feeds SELECT * FROM lake.feeds RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE lake.feeds SET url = '' RETURNING *) SELECT * FROM x",
    "DELETE FROM articles",
    "UPDATE articles SET title = ''",
    "SELECT * INTO t FROM articles",
    "PREPARE p AS SELECT 1",
    "BEGIN",
    "CHECKPOINT",
    "SELECT * FROM checkpoint()",
    "VACUUM",
    "",
    "   ",
    "-- nothing",
    "SELECT 1\x00; DROP VIEW articles",
    "SELECT '\ud800'",
]


@pytest.mark.parametrize("query", ESCAPES)
def test_a_query_gets_neither_out_nor_changes_anything(
    store: Store, root: Path, query: str
) -> None:
    before = tree(root)
    with pytest.raises(QueryError):
        store.sql(query.replace("{root}", str(root)))
    assert tree(root) == before


@pytest.mark.parametrize("target", ["/etc/passwd", "secret.csv", "articles-of-others/p"])
def test_a_link_inside_the_lake_leads_nowhere_else(store: Store, root: Path, target: str) -> None:
    link = root / "articles" / "link.parquet"
    link.symlink_to(root / target)
    with pytest.raises(QueryError):
        store.sql(f"SELECT * FROM read_parquet('{link}')")


def test_python_variables_are_no_tables(store: Store) -> None:
    secret = store.sql("SELECT 42 AS answer")
    assert secret.num_rows == 1
    with pytest.raises(QueryError, match='no view "secret"'):
        store.sql("SELECT * FROM secret")


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT 1", 1),
        ("SELECT 1;", 1),
        ("VALUES (1), (2)", 2),
        ("FROM articles", 1),
        ("TABLE articles", 1),
        ("SHOW TABLES", 7),
        ("DESCRIBE stories", 8),
        ("SELECT 1 UNION ALL SELECT 2", 2),
        ("WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x", 1),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) FROM n", 5),
        ("SELECT unnest(authors) FROM articles", 1),
        ("SELECT * FROM range(3)", 3),
        ("SELECT site, count(*) FROM articles GROUP BY ALL HAVING count(*) > 0 ORDER BY 2", 1),
        ("SELECT row_number() OVER (ORDER BY dt) FROM articles QUALIFY 1 = 1", 1),
        ("PIVOT articles ON site IN ('example.org') USING count(*) GROUP BY revision", 1),
        ("SELECT * FROM articles a JOIN stories s USING (story_id)", 1),
        ("SELECT extra->>'$.x' FROM articles", 1),
        ("SELECT 'COPY; DROP' AS copy_query_node", 1),
    ],
)
def test_what_only_reads_is_let_through(store: Store, query: str, rows: int) -> None:
    assert store.sql(query).num_rows == rows


def test_the_lake_may_be_read_by_its_files_too(store: Store, root: Path) -> None:
    query = f"SELECT article_id FROM read_parquet('{root}/articles/**/*.parquet')"
    assert store.sql(query)["article_id"].to_pylist() == ["a"]


def test_parameters_fill_the_query(store: Store) -> None:
    by_place = store.sql("SELECT title FROM articles WHERE site = ? AND revision = ?", ["x", 0])
    by_name = store.sql("SELECT title FROM articles WHERE site = $s", {"s": "example.org"})
    assert (by_place.num_rows, by_name.num_rows) == (0, 1)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("SELECT titel FROM articles", 'no column "titel"; did you mean "title"?'),
        ("SELECT a.publishd_at FROM articles a", 'did you mean "published_at"?'),
        ("SELECT * FROM artcles", 'no view "artcles"; did you mean "articles"?'),
        ("SELECT * FROM zzz", "views: articles, duplicates"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT CAST('x' AS INTEGER)", "Could not convert"),
        ("SELECT ?", "wants 1 value, and is given none; give `--param VALUE` ([VALUE] in Python)"),
        ("SELECT $a, $b", "give `--param a=VALUE --param b=VALUE` ("),
    ],
)
def test_a_wrong_query_is_explained(store: Store, query: str, hint: str) -> None:
    with pytest.raises(QueryError) as error:
        store.sql(query)
    assert hint in str(error.value)


@pytest.mark.parametrize(
    ("query", "given", "hint"),
    [
        ("SELECT $site", {"sote": "x"}, "wants values of $site, and is given $sote"),
        ("SELECT $site", ["sote=x"], "wants values of $site, and is given 1 value"),
        ("SELECT $site", {"site": 1, "n": 2}, "wants values of $site, and is given $site, $n"),
        ("SELECT ?, ?", [1], "wants 2 values, and is given 1 value"),
        ("SELECT ?", [1, 2], "wants 1 value, and is given 2 values"),
        ("SELECT 1", [1], "has no parameters, and is given 1 value"),
    ],
)
def test_values_that_do_not_fit_the_query_are_told(
    store: Store, query: str, given: Parameters, hint: str
) -> None:
    with pytest.raises(QueryError) as error:
        store.sql(query, given)
    assert hint in str(error.value)


def test_a_parameters_name_knows_no_case_of_letters(store: Store) -> None:
    assert store.sql("SELECT $Site AS a", {"site": 1}).to_pylist() == [{"a": 1}]
    assert store.sql("SELECT ? AS a", {"1": 1}).to_pylist() == [{"a": 1}]


def test_a_query_that_wants_too_much_memory_is_told_what_to_do(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.query.session.MEMORY_LIMIT", "20MB")
    with pytest.raises(QueryTooBig, match=r"more than the 20MB of memory.*LIMIT"):
        store.sql("SELECT array_agg(range) FROM range(100000000)")


def test_a_value_may_be_asked_for_twice(store: Store) -> None:
    assert store.sql("SELECT 1 AS a, 2 AS a, 3 AS a_2").to_pylist() == [
        {"a": 1, "a_2": 2, "a_2_2": 3}
    ]


def test_a_query_that_takes_too_long_is_stopped(store: Store) -> None:
    with pytest.raises(QueryTimeout, match=r"stopped after 0\.2 seconds"):
        store.sql(ENDLESS, timeout=timedelta(seconds=0.2))
    assert store.sql("SELECT 1", timeout=timedelta(seconds=60)).num_rows == 1


def test_an_interrupt_from_the_keyboard_stops_a_query(root: Path) -> None:
    script = (
        "import os, signal, threading, storage\n"
        f"store = storage.open({str(root)!r})\n"
        "store.sql('SELECT 1')\n"
        "try:\n"
        "    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        f"    store.sql({ENDLESS!r})\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (ran.stdout, ran.stderr) == ("stopped\n", "")


def test_opening_the_package_loads_neither_engine_nor_ingest() -> None:
    script = (
        "import sys, storage\n"
        "print([m for m in ('duckdb', 'pyarrow', 'ingest') if m in sys.modules])\n"
        "import storage.store, storage.search, storage.answers.formats\n"
        "print([m for m in sys.modules if m.split('.')[0] == 'ingest'])\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = subprocess.check_output([sys.executable, "-c", script], text=True, env=env)
    assert out == "[]\n[]\n"
