"""What keeps a query to reading the lake.

Two walls, because one is not enough. DuckDB is told to touch no file outside the tables' folders
and to load no extension, and its settings are locked. But within those folders DuckDB would also
write, and its grammar has ways to write inside a SELECT (``WITH x AS (COPY … TO …)``), so the
statement's own syntax tree is held against lists of what may stand in it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from storage.errors import QueryError
from storage.query.views import quote

# The query nodes that only read. The others are INSERT_, UPDATE_, DELETE_, COPY_QUERY_NODE ….
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_FUNCTIONS = frozenset(
    {
        *("generate_series", "range", "repeat", "unnest", "json_each", "json_tree"),
        *("histogram", "histogram_values", "summary"),
        *("read_parquet", "parquet_scan", "parquet_schema", "parquet_metadata"),
        *("parquet_file_metadata", "parquet_kv_metadata", "parquet_bloom_probe"),
        *("duckdb_columns", "duckdb_functions", "duckdb_tables", "duckdb_views"),
        *("pragma_table_info", "duckdb_keywords", "duckdb_types"),
    }
)
_UNPRINTABLE = re.compile("[\0\ud800-\udfff]")
_TREE = "SELECT json_serialize_sql($1)"


def harden(
    connection: duckdb.DuckDBPyConnection,
    *,
    folders: Sequence[Path],
    scratch: Path,
    memory_limit: str,
    threads: int,
) -> None:
    """Shut a connection in: files under ``folders`` alone, nothing loaded, nothing changed.

    ``scratch`` is where DuckDB may put what does not fit in memory; it is readable to queries, so
    it must hold nothing else.
    """
    # The slash keeps "/data/articles" from allowing "/data/articles-of-others".
    allowed = ", ".join(quote(f"{folder.resolve()}/") for folder in folders)
    for setting in (
        f"temp_directory = {quote(str(scratch))}",
        f"allowed_directories = [{allowed}]",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        "allow_persistent_secrets = false",
        "python_enable_replacements = false",
        "enable_external_access = false",
        "parquet_metadata_cache = true",
        "enable_external_file_cache = false",  # the system's own does, and it is asked for nothing
        "TimeZone = 'UTC'",
        f"memory_limit = {quote(memory_limit)}",
        f"threads = {threads}",
    ):
        connection.execute(f"SET {setting}")


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Let no setting be changed any more."""
    connection.execute("SET lock_configuration = true")


def check(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    """Refuse all but one statement that only reads; return all nodes of its syntax tree.

    Raises:
        QueryError: it is none, or more than one, or does anything but read.
        duckdb.ParserException: it is not SQL.
    """
    if _UNPRINTABLE.search(query):
        raise QueryError("the query has a NUL or half a surrogate pair in it, which no text has")
    statements = connection.extract_statements(query)
    if not statements:
        raise QueryError("the query is empty; write a SELECT, such as: SELECT title FROM articles")
    if len(statements) > 1:
        raise QueryError(f"one statement at a time, not {len(statements)}")
    kind = statements[0].type
    if kind != duckdb.StatementType.SELECT:
        raise QueryError(f"only SELECT is allowed here, not {kind.name.replace('_', ' ')}")
    [(text,)] = connection.execute(_TREE, [query]).fetchall()
    tree = json.loads(text)
    if tree["error"]:
        raise QueryError("only SELECT is allowed here, without anything that writes inside it")
    nodes = list(_objects(tree))
    for node in nodes:
        _check_node(node)
    return nodes


def _check_node(node: dict[str, object]) -> None:
    kind = str(node.get("type", ""))
    if kind.endswith("_NODE") and kind not in _NODES:
        raise QueryError(
            f"only SELECT is allowed here, not {kind.removesuffix('_NODE').split('_')[0]} in a WITH"
        )
    function = node.get("function")
    if kind == "TABLE_FUNCTION" and isinstance(function, dict):
        name = str(function.get("function_name", ""))
        if name.lower() not in _TABLE_FUNCTIONS:
            raise QueryError(f'the table function "{name}" is not allowed here')


def _objects(tree: object) -> Iterator[dict[str, object]]:
    waiting = [tree]
    while waiting:
        match waiting.pop():
            case dict() as node:
                yield node
                waiting.extend(node.values())
            case list() as nodes:
                waiting.extend(nodes)
