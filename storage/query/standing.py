"""Where in the files the rows lie that do not stand, so that they are left out without their ids.

The join that leaves them out reads the id of every row a query reads, which takes longer than all
else in a query of a few numbers. Who asks one snapshot several things has it done once: the places
of those rows are kept as one bit a row, and from then on ``articles`` is the rows at other places.
A place is told by the file's path. DuckDB's own ``file_index`` counts the files that a filter left.
"""

import duckdb

from storage.query import views
from storage.query.views import Source

MANY_FILES = 1_000
"""The path is looked for among so many at most, for every 2,048 rows; with more the join stays."""

_BITS = "articles_fallen"
_PLACES = f"""
SELECT a.filename, count(*), list(a.file_row_number) FILTER (s.article_id IS NOT NULL)
FROM {views.scan("articles", views.every_file("articles"))} a
LEFT JOIN lake.superseded s ON s.article_id = a.article_id AND a.revision < s.before
GROUP BY a.filename HAVING count(s.article_id) > 0
"""  # noqa: S608 - our own words alone
_FALLEN = f"get_bit(getvariable('{_BITS}')[filename], file_row_number::INTEGER) = 1"


def find(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Have ``articles`` leave rows out by their places, if that is sure and there are some.

    What a file's rows are stays as it is where the ledger names the file.

    Raises:
        duckdb.Error: a part cannot be read, or the search was broken off; all is as it was then.
    """
    if not source.superseded or not source.files.get("articles"):
        return
    found = connection.execute(_PLACES).fetchall()
    if len(found) > MANY_FILES:
        return
    condition = ""
    if found:
        paths = [path for path, _, _ in found]
        bits = [_bits(rows, places) for _, rows, places in found]
        connection.execute(
            f"SET VARIABLE {_BITS} = (SELECT map($1::VARCHAR[], $2::BIT[]))", [paths, bits]
        )
        condition = f" WHERE ({_FALLEN}) IS NOT TRUE"  # no bits: all rows of the file stand
    parts = [views.in_files("articles") + condition]
    if source.rows.get("articles"):
        parts.append(views.standing("lake.journal_articles"))
    connection.execute(f"CREATE OR REPLACE VIEW articles AS {' UNION ALL BY NAME '.join(parts)}")


def _bits(rows: int, places: list[int]) -> str:
    bits = bytearray(b"0" * rows)
    for place in places:
        bits[place] = ord("1")
    return bits.decode()
